/**
 * The last line of `.ci/run`: counts of tests, from jest's own report. A test file that could not run at all
 * counts as a failure, and so does a failed check other than the tests. Exits 1 on any failure.
 * Arguments: jest's `--json` report, number of failed checks (the tests among them).
 */
import { existsSync, readFileSync } from 'node:fs';

/** @typedef {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, numRuntimeErrorTestSuites: number }} Report */

const [path = '', failedChecks = '0'] = process.argv.slice(2);
const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
/** @type {Report | undefined} */
const report = text === '' ? undefined : JSON.parse(text);

const failedTests = report ? report.numFailedTests + report.numRuntimeErrorTestSuites : 0;
const failed = Math.max(failedTests, Number(failedChecks), report ? 0 : 1);
const skipped = report?.numPendingTests ?? 0;
const counts = [`${report?.numPassedTests ?? 0} passed`, `${failed} failed`];
if (skipped > 0) counts.push(`${skipped} skipped`);
console.log(counts.join(', '));
if (failed > 0) process.exitCode = 1;

// As the trainer does (trainer/exact-arithmetic.ts): what a test measures is the same in every run.
process.env.TF_DETERMINISTIC_OPS ??= '1';

// Jest runs tests in their own realm, where an `fs` error is not `instanceof Error` and a tensor's
// `dataSync()` is not `instanceof Float32Array`. Sharing the outer realm's constructors mends both.
const { TestEnvironment } = require('jest-environment-node');

const SHARED = [
  'Error',
  'TypeError',
  'RangeError',
  'ArrayBuffer',
  'SharedArrayBuffer',
  'DataView',
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
];

module.exports = class NodeEnvironment extends TestEnvironment {
  async setup() {
    await super.setup();
    for (const name of SHARED) this.global[name] = globalThis[name];
  }
};

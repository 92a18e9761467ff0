/** What can go wrong with the processes and servers that this project starts itself. */
import { LesionFlowError } from '../contracts/errors.ts';

/** An executable that the bootstrap installs is not there. */
export class ToolMissingError extends LesionFlowError {
  constructor(tool: string, path: string) {
    super(`${tool} is not installed: ${path} is missing. Run "npm run setup" to install it.`, {
      code: 'tool-missing',
      retryable: false,
      values: { tool, path },
    });
  }
}

/** The command could not be started at all. */
export class ProcessStartError extends LesionFlowError {
  constructor(name: string, command: string, detail: string) {
    super(`${name} could not be started with "${command}": ${detail}`, {
      code: 'process-start',
      retryable: false,
      values: { name, command },
    });
  }
}

/** Another process works in the folder, and two would tear its data. */
export class FolderInUseError extends LesionFlowError {
  constructor(name: string, folder: string, heldBy: number) {
    super(
      `${name} cannot use ${folder}: process ${heldBy} already does. Stop that one, or choose another folder.`,
      { code: 'folder-in-use', retryable: true, values: { name, folder, heldBy } },
    );
  }
}

/** A server ended, or did not answer in time. `log` is the end of what it wrote. */
export class ServerUnhealthyError extends LesionFlowError {
  constructor({
    name,
    what,
    log,
    logFile,
  }: Readonly<Record<'name' | 'what' | 'log' | 'logFile', string>>) {
    super(`${name} ${what}. Its log (${logFile}) ends with:\n${log.trim() || '(nothing)'}`, {
      code: 'server-unhealthy',
      retryable: false,
      values: { name, logFile },
    });
  }
}

/** versitygw keeps ETags and checksums in extended attributes; other modes of it tear bodies. */
export class NoExtendedAttributesError extends LesionFlowError {
  constructor(folder: string) {
    super(
      `The S3 server cannot keep its data in ${folder}: that file system has no extended attributes (user.*). ` +
        'Choose a folder on ext4, xfs, btrfs or a recent tmpfs.',
      { code: 'no-extended-attributes', retryable: false, values: { folder } },
    );
  }
}

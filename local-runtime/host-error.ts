/**
 * Failures of the host-side program: what is wrong, what to do, and the exit status (sysexits.h). Errors that the server
 * answered over the admin socket are carried in the same form, under the server's own code.
 */

/** Exit statuses, as sysexits.h names them. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 64,
  unavailable: 69,
  software: 70,
  cannotCreate: 73,
  io: 74,
  temporary: 75,
  permission: 77,
  config: 78,
} as const;

export type ExitStatus = (typeof EXIT)[keyof typeof EXIT];

export interface HostErrorOptions {
  /** Stable, `area/what_happened`. */
  code: string;
  /** What is wrong: one sentence. Holds no secret. */
  message: string;
  /** What to do: one sentence. */
  fix: string;
  exitStatus?: ExitStatus;
  cause?: unknown;
}

export class HostError extends Error {
  readonly code: string;
  readonly fix: string;
  readonly exitStatus: ExitStatus;

  constructor(options: HostErrorOptions) {
    super(options.message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = "HostError";
    this.code = options.code;
    this.fix = options.fix;
    this.exitStatus = options.exitStatus ?? EXIT.failure;
  }
}

/** What to do about words that no command understands. */
export const SEE_HELP = "See `npx rockpool --help`, or --help after the command.";

/** A wrong argument of a command; exit status 64. */
export function usageError(message: string, fix: string): HostError {
  return new HostError({ code: "usage/bad_argument", message, fix, exitStatus: EXIT.usage });
}

/** The code of a failed system call, such as ENOENT. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

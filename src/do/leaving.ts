/**
 * The end of this process, announced by the host before it comes: what would wait for its readers for hours ends by
 * itself then, and the rest is done in moments.
 */
const { promise, resolve } = Promise.withResolvers<void>();

/** Settles when the process is about to end. */
export const leaving = promise;

export function leave(): void {
  resolve();
}

/** Holds a piece of work to a time. Work that is late goes on unheard: it cannot be called back. */

export async function limitTime<Value>(
  work: Promise<Value>,
  timeoutMs: number,
  createError: () => Error,
): Promise<Value> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(createError()), timeoutMs);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Catches what a call throws, and proves that no secret is in it. */
import type { ExpectStatic } from "vitest";
import type { Account } from "../../src/adapters/adapter.ts";

/** What the promise is rejected with; undefined where it is not. */
export async function catchError(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    return error ?? new Error("Something empty was thrown.");
  }
}

/** All words of an error, of its own properties and of what caused it. */
function wordsOf(error: unknown, depth = 0): string {
  if (typeof error !== "object" || error === null || depth > 8) return String(error);
  const own = Object.getOwnPropertyNames(error).map((name) => Reflect.get(error, name));
  return own.map((value) => wordsOf(value, depth + 1)).join("\n");
}

export function expectNoSecret(expect: ExpectStatic, error: unknown, account: Account): void {
  const words = wordsOf(error);
  for (const [name, secret] of Object.entries(account.secrets))
    for (const form of [secret, encodeURIComponent(secret), btoa(secret)])
      expect(words.includes(form), `the secret ${name} stands in an error`).toBe(false);
}

import fc from "fast-check";
import { SignJWT } from "jose";
import { describe, it } from "vitest";
import type { PersonId } from "../../../src/core/ids.ts";
import {
  createSessionToken,
  SESSION_SECONDS,
  verifySessionToken,
} from "../../../src/security/session-token.ts";

const KEY = "5a".repeat(32);
const PERSON = "0190a000-0000-7000-8000-000000000001" as PersonId;
const NOW_MS = Date.UTC(2026, 10, 21);
const refused = { code: "http/unauthorized", message: "Sign in first." };

/** A token that is right in all but what the test changes. */
function forge(
  change: (token: SignJWT) => SignJWT,
  key: string = KEY,
  alg: string = "HS256",
): Promise<string> {
  const nowSeconds = NOW_MS / 1000;
  const token = new SignJWT()
    .setProtectedHeader({ alg })
    .setIssuer("rockpool")
    .setAudience("console")
    .setSubject(PERSON)
    .setJti("1")
    .setIssuedAt(nowSeconds)
    .setExpirationTime(nowSeconds + 60);
  return change(token).sign(Buffer.from(key, "hex"));
}

describe("a session token", () => {
  it("names the person until its last second", async ({ expect }) => {
    const token = await createSessionToken(KEY, PERSON, NOW_MS);
    const lastMs = NOW_MS + SESSION_SECONDS * 1000 - 1;
    expect(await verifySessionToken(KEY, token, NOW_MS)).toBe(PERSON);
    expect(await verifySessionToken(KEY, token, lastMs)).toBe(PERSON);
    await expect(verifySessionToken(KEY, token, lastMs + 1)).rejects.toMatchObject(refused);
  });

  it("works with a key that cannot be exported", async ({ expect }) => {
    const raw = Buffer.from(KEY, "hex");
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    const key = await crypto.subtle.importKey("raw", raw, algorithm, false, ["sign", "verify"]);
    const token = await createSessionToken(key, PERSON, NOW_MS);
    expect(await verifySessionToken(KEY, token, NOW_MS)).toBe(PERSON);
  });

  it("is another one at each sign-in", async ({ expect }) => {
    const [first, second] = await Promise.all([
      createSessionToken(KEY, PERSON, NOW_MS),
      createSessionToken(KEY, PERSON, NOW_MS),
    ]);
    expect(first).not.toBe(second);
  });

  it("is refused when anything about it differs", async ({ expect }) => {
    expect(await verifySessionToken(KEY, await forge((t) => t), NOW_MS)).toBe(PERSON);
    const none = `${btoa('{"alg":"none"}')}.${btoa(JSON.stringify({ sub: PERSON }))}.`;
    const wrong: Record<string, string> = {
      issuer: await forge((t) => t.setIssuer("else")),
      audience: await forge((t) => t.setAudience("else")),
      algorithm: await forge((t) => t, KEY, "HS512"),
      key: await forge((t) => t, "5b".repeat(32)),
      expired: await forge((t) => t.setExpirationTime(NOW_MS / 1000)),
      "no algorithm": none.replaceAll("=", ""),
      empty: "",
    };
    for (const [what, token] of Object.entries(wrong))
      await expect(verifySessionToken(KEY, token, NOW_MS), what).rejects.toMatchObject(refused);
  });

  it("is refused when a claim is missing", async ({ expect }) => {
    const bare = new SignJWT().setProtectedHeader({ alg: "HS256" });
    const token = await bare
      .setIssuer("rockpool")
      .setAudience("console")
      .sign(Buffer.from(KEY, "hex"));
    await expect(verifySessionToken(KEY, token, NOW_MS)).rejects.toMatchObject(refused);
  });

  it("is refused for any text, and for any one changed character", async ({ expect }) => {
    const good = await createSessionToken(KEY, PERSON, NOW_MS);
    await fc.assert(
      fc.asyncProperty(fc.string(), async (text) => {
        await expect(verifySessionToken(KEY, text, NOW_MS)).rejects.toMatchObject(refused);
      }),
    );
    await fc.assert(
      // The last character of a base64url part may carry bits that no byte uses.
      fc.asyncProperty(fc.nat(good.length - 2), async (at) => {
        const other = good[at] === "A" ? "B" : "A";
        const changed = good.slice(0, at) + other + good.slice(at + 1);
        await expect(verifySessionToken(KEY, changed, NOW_MS)).rejects.toMatchObject(refused);
      }),
    );
  });

  it("is never made with a short key", async ({ expect }) => {
    await expect(createSessionToken("ab", PERSON, NOW_MS)).rejects.toThrow(
      "COOKIE_KEY is too short",
    );
  });
});

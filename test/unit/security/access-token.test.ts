import fc from "fast-check";
import { SignJWT } from "jose";
import { describe, it } from "vitest";
import type { PersonId } from "../../../src/core/ids.ts";
import {
  ACCESS_SECONDS,
  CLOCK_TOLERANCE_SECONDS,
  createAccessToken,
  verifyAccessToken,
} from "../../../src/security/access-token.ts";

const PERSON = "0190a000-0000-7000-8000-000000000001" as PersonId;
const NOW_MS = Date.UTC(2026, 10, 21);
const KID = "key-1";
const claims = { personId: PERSON, deviceId: "device-1", signedInAtMs: NOW_MS - 60_000 };
const refused = { code: "http/unauthorized", message: "Sign in first." };

const pair = await createPair();
const stranger = await createPair();
const findKey = (kid: string) => Promise.resolve(kid === KID ? pair.publicKey : undefined);

async function createPair(): Promise<CryptoKeyPair> {
  return (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair; // Ed25519 makes a pair
}

function create(nowMs = NOW_MS): Promise<string> {
  return createAccessToken({ kid: KID, privateKey: pair.privateKey }, claims, nowMs);
}

interface Forgery {
  header?: Record<string, unknown>;
  key?: CryptoKey | Uint8Array;
  more?: Record<string, unknown>;
  without?: string;
}

/** A token that is right in all but what the test changes. */
function forge(change: (token: SignJWT) => SignJWT, forgery: Forgery = {}): Promise<string> {
  const { header, key = pair.privateKey, more, without = "" } = forgery;
  const seconds = NOW_MS / 1000;
  const right = { iss: "rockpool", aud: "console", sub: PERSON, jti: "1", sid: "device-1" };
  const times = { auth_time: seconds, iat: seconds, exp: seconds + 60 };
  const { [without]: _left, ...payload } = { ...right, ...times, ...more } as Record<
    string,
    unknown
  >;
  const token = new SignJWT(payload);
  token.setProtectedHeader({ alg: "EdDSA", typ: "JWT", kid: KID, ...header });
  return change(token).sign(key);
}

const same = (token: SignJWT) => token;

describe("an access token", () => {
  it("names person, device and times for fifteen minutes", async ({ expect }) => {
    expect(ACCESS_SECONDS).toBe(900);
    const token = await create();
    const expiresAtMs = NOW_MS + ACCESS_SECONDS * 1000;
    expect(await verifyAccessToken(findKey, token, NOW_MS)).toEqual({
      ...claims,
      issuedAtMs: NOW_MS,
      expiresAtMs,
    });
    const lastMs = expiresAtMs + CLOCK_TOLERANCE_SECONDS * 1000 - 1;
    expect(await verifyAccessToken(findKey, token, lastMs)).toMatchObject(claims);
    await expect(verifyAccessToken(findKey, token, lastMs + 1)).rejects.toMatchObject(refused);
  });

  it("is refused before it was made: a clock set back revives none", async ({ expect }) => {
    const token = await create();
    const early = NOW_MS - (CLOCK_TOLERANCE_SECONDS + 1) * 1000;
    await expect(verifyAccessToken(findKey, token, early)).rejects.toMatchObject(refused);
  });

  it("is refused of another key, key id, algorithm, issuer, audience or type, and without a claim", async ({
    expect,
  }) => {
    expect(await verifyAccessToken(findKey, await forge(same), NOW_MS)).toMatchObject({
      personId: PERSON,
    });
    const secret = new Uint8Array(32);
    const forged = [
      forge(same, { key: stranger.privateKey }),
      forge(same, { header: { kid: "other" } }),
      forge(same, { header: { kid: undefined } }),
      forge(same, { header: { alg: "HS256" }, key: secret }),
      forge(same, { header: { typ: "at+jwt" } }),
      forge((token) => token.setIssuer("elsewhere")),
      forge((token) => token.setAudience("api")),
      forge((token) => token.setExpirationTime(NOW_MS / 1000 - 60)),
      forge((token) => token.setIssuedAt(NOW_MS / 1000 - ACCESS_SECONDS - 60)),
      forge(same, { without: "sub" }),
      forge(same, { without: "jti" }),
      forge(same, { without: "iat" }),
      forge(same, { without: "exp" }),
      forge(same, { without: "sid" }),
      forge(same, { without: "auth_time" }),
      forge(same, { more: { sid: 7 } }),
      forge(same, { more: { auth_time: "long ago" } }),
    ];
    for (const [index, token] of forged.entries())
      await expect(
        verifyAccessToken(findKey, await token, NOW_MS),
        `number ${index}`,
      ).rejects.toMatchObject(refused);
  });

  it("is refused unsigned, however it is written", async ({ expect }) => {
    const [, body = ""] = (await create()).split(".");
    const header = (text: object) => Buffer.from(JSON.stringify(text)).toString("base64url");
    for (const alg of ["none", "None", "NONE", ""])
      await expect(
        verifyAccessToken(findKey, `${header({ alg, typ: "JWT", kid: KID })}.${body}.`, NOW_MS),
      ).rejects.toMatchObject(refused);
  });

  it("is refused with any character changed, and as any other text", async ({ expect }) => {
    const token = await create();
    await fc.assert(
      fc.asyncProperty(
        fc.nat(token.length - 1),
        fc.constantFrom("A", "b", "0", "_", "."),
        async (at, letter) => {
          fc.pre(token[at] !== letter && at !== token.length - 1); // the last letter has bits that say nothing
          const changed = token.slice(0, at) + letter + token.slice(at + 1);
          await expect(verifyAccessToken(findKey, changed, NOW_MS)).rejects.toMatchObject(refused);
        },
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", maxLength: 300 }), async (text) => {
        await expect(verifyAccessToken(findKey, text, NOW_MS)).rejects.toMatchObject(refused);
      }),
    );
  });
});

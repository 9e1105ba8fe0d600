import fc from "fast-check";
import { exportJWK, generateKeyPair, type JWK, SignJWT, UnsecuredJWT } from "jose";
import { describe, it } from "vitest";
import {
  type ExpectedToken,
  ID_TOKEN_SECONDS,
  PROVIDER_CLOCK_SECONDS,
  verifyIdToken,
} from "../../../src/security/id-token.ts";

const NOW_MS = Date.UTC(2026, 10, 21);
const NOW = NOW_MS / 1000;
const expected: ExpectedToken = {
  issuer: "https://login.example",
  clientId: "box",
  nonce: "the nonce of this way",
  nowMs: NOW_MS,
};
const refused = {
  code: "sign_in/provider_refused",
  message: "The provider's answer does not open this box.",
};

interface Pair {
  privateKey: CryptoKey;
  jwk: JWK;
}

async function createKey(alg: string, kid: string): Promise<Pair> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg } };
}

const key = await createKey("ES256", "one");
const next = await createKey("ES256", "two");
const loadKeys = async () => ({ keys: [key.jwk] });

const right = { iss: expected.issuer, aud: "box", sub: "ada", nonce: expected.nonce };

function claimsOf(more: Record<string, unknown> = {}, without = ""): Record<string, unknown> {
  const { [without]: _left, ...claims } = { ...right, iat: NOW, exp: NOW + 300, ...more } as Record<
    string,
    unknown
  >;
  return claims;
}

function forge(
  claims = claimsOf(),
  { alg = "ES256", kid = "one", by = key.privateKey as CryptoKey | Uint8Array } = {},
): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg, kid }).sign(by);
}

describe("an ID token", () => {
  it.for(["RS256", "PS256", "ES256", "EdDSA"])(
    "names its account, signed by %s",
    async (alg, { expect }) => {
      const { privateKey, jwk } = await createKey(alg, "its");
      const token = await forge(claimsOf(), { alg, kid: "its", by: privateKey });
      expect(await verifyIdToken(token, expected, async () => ({ keys: [jwk] }))).toBe("ada");
    },
  );

  it("is refused of another issuer, client, nonce or time, and without a claim", async ({
    expect,
  }) => {
    const wrong = [
      claimsOf({ iss: "https://elsewhere.example" }),
      claimsOf({ iss: `${expected.issuer}/` }),
      claimsOf({ aud: "another" }),
      claimsOf({ aud: ["box", "another"] }),
      claimsOf({ aud: ["box", "another"], azp: "another" }),
      claimsOf({ azp: "another" }),
      claimsOf({ nonce: "of another way" }),
      claimsOf({ nonce: 1 }),
      claimsOf({ sub: "" }),
      claimsOf({ sub: "x".repeat(256) }),
      claimsOf({ exp: NOW - PROVIDER_CLOCK_SECONDS - 1 }),
      claimsOf({ iat: NOW + PROVIDER_CLOCK_SECONDS + 1 }),
      claimsOf({ iat: NOW - ID_TOKEN_SECONDS - PROVIDER_CLOCK_SECONDS - 1 }),
      claimsOf({ nbf: NOW + PROVIDER_CLOCK_SECONDS + 1 }),
      ...["iss", "aud", "sub", "nonce", "iat", "exp"].map((name) => claimsOf({}, name)),
    ];
    for (const claims of wrong)
      await expect(
        verifyIdToken(await forge(claims), expected, loadKeys),
        JSON.stringify(claims),
      ).rejects.toMatchObject(refused);
    const shared = await forge(claimsOf({ aud: ["box", "another"], azp: "box" }));
    expect(await verifyIdToken(shared, expected, loadKeys)).toBe("ada");
  });

  it("is refused unsigned, of another key, and signed by what is no key pair", async ({
    expect,
  }) => {
    const unsigned = new UnsecuredJWT(claimsOf()).encode();
    // The public key, which everybody knows, as the secret of an HMAC.
    const known = new TextEncoder().encode(JSON.stringify(key.jwk));
    const symmetric = await forge(claimsOf(), { alg: "HS256", by: known });
    const stranger = await forge(claimsOf(), { by: next.privateKey });
    const good = await forge();
    const changed = `${good.slice(0, -4)}AAAA`;
    for (const token of [unsigned, symmetric, stranger, changed, "", "a.b.c"])
      await expect(verifyIdToken(token, expected, loadKeys)).rejects.toMatchObject(refused);
    const es384 = await createKey("ES384", "one");
    const other = await forge(claimsOf(), { alg: "ES384", by: es384.privateKey });
    await expect(
      verifyIdToken(other, expected, async () => ({ keys: [es384.jwk] })),
    ).rejects.toMatchObject(refused);
  });

  it("has keys asked for anew once, where none fits", async ({ expect }) => {
    const asked: boolean[] = [];
    const changed = async (isFresh: boolean) => {
      asked.push(isFresh);
      return { keys: [isFresh ? next.jwk : key.jwk] };
    };
    const token = await forge(claimsOf(), { kid: "two", by: next.privateKey });
    expect(await verifyIdToken(token, expected, changed)).toBe("ada");
    expect(asked).toEqual([false, true]);
    const unknown = await forge(claimsOf(), { kid: "three" });
    await expect(verifyIdToken(unknown, expected, changed)).rejects.toMatchObject(refused);
    expect(asked).toEqual([false, true, false, true]);
  });

  it("is refused in one way whatever its text", async ({ expect }) => {
    const text = fc.oneof(
      fc.string(),
      fc.stringMatching(/^[\w-]{0,40}\.[\w-]{0,40}\.[\w-]{0,40}$/),
    );
    await fc.assert(
      fc.asyncProperty(text, async (token) => {
        await expect(verifyIdToken(token, expected, loadKeys)).rejects.toMatchObject(refused);
      }),
    );
  });
});

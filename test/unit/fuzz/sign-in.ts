/** What callers show to be let in, what a provider says of them, and where they say that they call from. */
import { createHmac } from "node:crypto";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { verify } from "../../../src/adapters/webhook/verify.ts";
import { accountKey, type PersonId } from "../../../src/core/ids.ts";
import {
  createAccessToken,
  readKeyId,
  verifyAccessToken,
} from "../../../src/security/access-token.ts";
import { clientAddress } from "../../../src/security/client-address.ts";
import { verifyIdToken } from "../../../src/security/id-token.ts";
import { loadKeySet, loadMetadata, redeemCode } from "../../../src/security/oidc-provider.ts";
import { verifyNewPasskey, verifyPasskey } from "../../../src/security/passkey.ts";
import { parseSignInName } from "../../../src/security/password.ts";
import { SoftwareAuthenticator } from "../../support/software-authenticator.ts";
import {
  coded,
  codedIn,
  type FuzzedParser,
  fuzzBytes,
  fuzzJson,
  fuzzText,
} from "./fuzzed-parser.ts";

const NOW_MS = Date.UTC(2026, 10, 21);
const encode = (text: string) => new TextEncoder().encode(text);
const few = { runs: 2_000 };

const signing = await generateKeyPair("EdDSA", { extractable: true });
const CLAIMS = { personId: "p1" as PersonId, deviceId: "d1", signedInAtMs: NOW_MS };
const ACCESS = await createAccessToken(
  { kid: "k1", privateKey: signing.privateKey },
  CLAIMS,
  NOW_MS,
);

/** Whatever was changed: a token that is taken says what was signed. */
async function verifyAccess(token: string): Promise<void> {
  const access = await verifyAccessToken(async () => signing.publicKey, token, NOW_MS);
  if (access.personId !== CLAIMS.personId || access.deviceId !== CLAIMS.deviceId)
    throw new RangeError("a changed token was taken for genuine");
}

const ISSUER = "https://login.example";
const JWK = { ...(await exportJWK(signing.publicKey)), kid: "k1", alg: "EdDSA" };
const ID_TOKEN = await new SignJWT({ nonce: "n" })
  .setProtectedHeader({ alg: "EdDSA", kid: "k1" })
  .setIssuer(ISSUER)
  .setAudience("box")
  .setSubject("ada")
  .setIssuedAt(NOW_MS / 1000)
  .setExpirationTime(NOW_MS / 1000 + 300)
  .sign(signing.privateKey);

async function verifyAccount(token: string, keys: unknown = { keys: [JWK] }): Promise<void> {
  const expected = { issuer: ISSUER, clientId: "box", nonce: "n", nowMs: NOW_MS };
  const answering = () => async () => Response.json(keys);
  const account = await verifyIdToken(token, expected, () => loadKeySet(answering, ISSUER));
  if (account !== "ada") throw new RangeError("a changed token was taken for genuine");
}

const METADATA = {
  issuer: ISSUER,
  authorization_endpoint: `${ISSUER}/authorize`,
  token_endpoint: `${ISSUER}/token`,
  jwks_uri: `${ISSUER}/keys`,
};

const answer = (bytes: Uint8Array) => () => async () => new Response(bytes.slice());
const redeem = (bytes: Uint8Array) => {
  const client = { issuer: ISSUER, clientId: "box" };
  const shown = { code: "c", verifier: "v", redirectUri: "https://box.example/oidc" };
  return redeemCode(answer(bytes), METADATA, client, shown);
};

const page = { host: "box.example", origin: "https://box.example" };
const authenticator = await SoftwareAuthenticator.create();
const ceremony = { ...page, challenge: btoa("challenge").replace(/=+$/, "") };
const MADE = await authenticator.enrol(ceremony);
const isChallenge = async () => true;
const STORED = await verifyNewPasskey(MADE, page, isChallenge);
const SHOWN = await authenticator.answer(ceremony);

const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const ACCOUNT = {
  key: accountKey("webhook", "main"),
  channel: "webhook",
  name: "main",
  access: "open",
  transport: "webhook",
  settings: {},
  secrets: { secret: SECRET },
} as const;
const BODY = encode('{"conversation":"c","user":"u","text":"hi"}');
const SECONDS = String(NOW_MS / 1000);
const SIGNATURE = createHmac("sha256", Buffer.alloc(32, 7))
  .update(`msg_1.${SECONDS}.`)
  .update(BODY)
  .digest("base64");

/** The three headers, a line each; what no header can hold is left out. */
function verifyHeaders(text: string) {
  const [id = "", timestamp = "", signature = ""] = text.split("\n");
  const clean = (value: string) => value.replace(/[^\x20-\x7e]/g, "");
  const headers = new Headers({
    "webhook-id": clean(id),
    "webhook-timestamp": clean(timestamp),
    "webhook-signature": clean(signature),
  });
  const url = new URL("https://box.example/webhooks/webhook/main");
  const call = { method: "POST", url, headers, readBytes: async () => BODY };
  const io = { nowMs: () => NOW_MS, fetch };
  return verify(call, ACCOUNT, io);
}

function addressOf(text: string) {
  const headers = new Headers({ "x-forwarded-for": text.replace(/[^\x20-\x7e]/g, "") });
  return clientAddress({ headers, cf: { clientIp: "127.0.0.1:4000" } }, "127.0.0.1,10.0.0.0/8");
}

const isProviderError = codedIn("sign_in/provider_");

export const SIGN_IN: readonly FuzzedParser[] = [
  fuzzText("access tokens", [ACCESS], verifyAccess, { isRefusal: coded("http/unauthorized") }),
  fuzzText("key ids of access tokens", [ACCESS], readKeyId, {
    isRefusal: (error) => error instanceof TypeError,
  }),
  fuzzText("ID tokens", [ID_TOKEN], (token) => verifyAccount(token), {
    isRefusal: isProviderError,
    ...few,
  }),
  fuzzJson("keys of a provider", [{ keys: [JWK] }], (keys) => verifyAccount(ID_TOKEN, keys), {
    isRefusal: isProviderError,
    ...few,
  }),
  fuzzBytes(
    "addresses of a provider",
    [encode(JSON.stringify(METADATA))],
    (bytes) => loadMetadata(answer(bytes), ISSUER),
    { isRefusal: isProviderError, ...few },
  ),
  fuzzBytes("tokens of a provider", [encode(JSON.stringify({ id_token: ID_TOKEN }))], redeem, {
    isRefusal: isProviderError,
    ...few,
  }),
  fuzzJson(
    "new passkeys, to their keys",
    [MADE],
    (made) => verifyNewPasskey(made, page, isChallenge),
    {
      isRefusal: coded("sign_in/passkey_refused"),
      ...few,
    },
  ),
  fuzzJson(
    "shown passkeys, to their signatures",
    [SHOWN],
    (shown) => verifyPasskey(shown, page, STORED, isChallenge),
    { isRefusal: coded("sign_in/passkey_refused"), ...few },
  ),
  fuzzText("names to sign in with", ["ada", "Ada Lovelace", "阿达"], parseSignInName),
  fuzzText(
    "signatures of the generic webhook",
    [`msg_1\n${SECONDS}\nv1,${SIGNATURE} v1a,AAAA`],
    verifyHeaders,
    { isRefusal: coded("webhook/bad_signature", "webhook/stale"), runs: 4_000 },
  ),
  fuzzText(
    "addresses that proxies forward",
    ["192.0.2.7, 10.0.0.1", "2001:db8::7,::ffff:10.0.0.2"],
    addressOf,
  ),
];

import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import {
  ANSWER_MS,
  authorizationUrl,
  loadKeySet,
  loadMetadata,
  MAX_ANSWER_BYTES,
  type OidcClient,
  type ProviderMetadata,
  redeemCode,
} from "../../../src/security/oidc-provider.ts";

const ISSUER = "https://login.example/tenant/";
const metadata: ProviderMetadata = {
  issuer: ISSUER,
  authorization_endpoint: "https://login.example/authorize?tenant=1",
  token_endpoint: "https://tokens.example/token",
  jwks_uri: "https://login.example/keys",
};
const client: OidcClient = { issuer: ISSUER, clientId: "box:1", secret: "a b/c" };
const answer = { code: "the code", verifier: "the verifier", redirectUri: "https://box/oidc" };
const away = {
  code: "sign_in/provider_away",
  message: "The provider to sign in by gives no answer that can be used.",
};

function answering(body: BodyInit, status = 200) {
  const asked: Request[] = [];
  const open = () => async (input: RequestInfo | URL, init?: RequestInit) => {
    asked.push(new Request(input, init));
    return new Response(body, { status });
  };
  return { asked, open };
}

describe("the provider's addresses", () => {
  it("are those that it states below its issuer", async ({ expect }) => {
    const { asked, open } = answering(JSON.stringify(metadata));
    expect(await loadMetadata(open, ISSUER)).toEqual(metadata);
    expect(asked[0]?.url).toBe("https://login.example/tenant/.well-known/openid-configuration");
  });

  it("are refused of another issuer, and without https", async ({ expect }) => {
    for (const change of [
      { issuer: "https://login.example/tenant" },
      { issuer: "https://elsewhere.example" },
      { token_endpoint: "http://login.example/token" },
      { authorization_endpoint: "javascript:alert(1)" },
      { jwks_uri: "http://127.0.0.1/keys" },
      { jwks_uri: undefined },
    ]) {
      const { open } = answering(JSON.stringify({ ...metadata, ...change }));
      await expect(loadMetadata(open, ISSUER), JSON.stringify(change)).rejects.toMatchObject(away);
    }
  });

  it("send the browser there with state, nonce and PKCE's challenge", ({ expect }) => {
    const flow = { state: "s", nonce: "n", verifier: "v", challenge: "c" };
    const url = new URL(authorizationUrl(metadata, client, flow, answer.redirectUri));
    expect(url.origin + url.pathname).toBe("https://login.example/authorize");
    expect(Object.fromEntries(url.searchParams)).toEqual({
      tenant: "1",
      response_type: "code",
      client_id: "box:1",
      redirect_uri: "https://box/oidc",
      scope: "openid",
      state: "s",
      nonce: "n",
      code_challenge: "c",
      code_challenge_method: "S256",
    });
  });
});

describe("a code", () => {
  const token = JSON.stringify({ id_token: "t", access_token: "of no use" });
  const proofOf = async (change: Partial<ProviderMetadata>, who: OidcClient) => {
    const { asked, open } = answering(token);
    expect(await redeemCode(open, { ...metadata, ...change }, who, answer)).toBe("t");
    const [request] = asked;
    const body = Object.fromEntries(new URLSearchParams(await request?.text()));
    return { authorization: request?.headers.get("authorization"), body };
  };
  const common = {
    grant_type: "authorization_code",
    code: "the code",
    redirect_uri: "https://box/oidc",
    code_verifier: "the verifier",
  };

  it("is redeemed with the client's secret where the provider wants it", async () => {
    const basic = `Basic ${btoa("box%3A1:a+b%2Fc")}`;
    expect(await proofOf({}, client)).toEqual({ authorization: basic, body: common });
    const post = { token_endpoint_auth_methods_supported: ["client_secret_post"] };
    const inBody = { ...common, client_id: "box:1", client_secret: "a b/c" };
    expect(await proofOf(post, client)).toEqual({ authorization: null, body: inBody });
    const open = { issuer: ISSUER, clientId: "box:1" };
    const named = { ...common, client_id: "box:1" };
    expect(await proofOf({}, open)).toEqual({ authorization: null, body: named });
  });

  it("that is not good is told apart from a box that is not known there", async () => {
    const redeem = (error: string) =>
      redeemCode(answering(JSON.stringify({ error }), 400).open, metadata, client, answer);
    await expect(redeem("invalid_grant")).rejects.toMatchObject({
      code: "sign_in/provider_refused",
      message: "The provider's answer does not open this box.",
    });
    await expect(redeem("invalid_client")).rejects.toMatchObject(away);
  });
});

describe("an answer of the provider", () => {
  it("is read up to its limit and no further", async ({ expect }) => {
    const keys = JSON.stringify({ keys: [] });
    const whole = answering(keys.padEnd(MAX_ANSWER_BYTES));
    expect(await loadKeySet(whole.open, metadata.jwks_uri)).toEqual({ keys: [] });
    const longer = answering(keys.padEnd(MAX_ANSWER_BYTES + 1));
    await expect(loadKeySet(longer.open, metadata.jwks_uri)).rejects.toMatchObject(away);
  });

  it("is waited for so long and no longer", async ({ expect }) => {
    const limit = vi.spyOn(AbortSignal, "timeout");
    limit.mockReturnValueOnce(AbortSignal.abort(new Error("late")));
    const open = () => async (_url: RequestInfo | URL, init?: RequestInit) => {
      init?.signal?.throwIfAborted();
      return new Response();
    };
    await expect(loadKeySet(open, metadata.jwks_uri)).rejects.toMatchObject(away);
    expect(limit).toHaveBeenCalledWith(ANSWER_MS);
    limit.mockRestore();
  });

  it("of any other kind is no answer", async ({ expect }) => {
    const many = JSON.stringify({ keys: Array(101).fill({ kty: "EC" }) });
    const texts = fc.oneof(fc.json(), fc.string(), fc.constantFrom(many, '{"keys":[1]}'));
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        const { open } = answering(text);
        await expect(loadMetadata(open, ISSUER)).rejects.toMatchObject(away);
        await expect(loadKeySet(open, metadata.jwks_uri)).rejects.toMatchObject(away);
        await expect(redeemCode(open, metadata, client, answer)).rejects.toMatchObject(away);
      }),
    );
  });
});

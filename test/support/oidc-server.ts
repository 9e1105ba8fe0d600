/** A real OpenID Connect provider on loopback, and a browser without a screen that signs in there. */
import { generateKeyPairSync } from "node:crypto";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { Provider } from "oidc-provider";

export const CLIENT_ID = "rockpool-box";
export const CLIENT_SECRET = "a secret that only the box and the provider know";
const MAX_STEPS = 12;

export interface OidcServer {
  issuer: string;
  /** The box may be sent back to these. Before that the provider answers nothing. */
  register(redirectUri: string): void;
  close(): Promise<void>;
}

/** `isPublic`: the box has no secret there. */
export async function startOidcServer({ isPublic = false } = {}): Promise<OidcServer> {
  let answer: RequestListener = (_request, response) => void response.writeHead(503).end();
  const server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // it listens on a port
  const issuer = `http://127.0.0.1:${port}`;
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const key = { ...privateKey.export({ format: "jwk" }), use: "sig", alg: "RS256", kid: "one" };
  return {
    issuer,
    register: (redirectUri) => {
      const client = {
        client_id: CLIENT_ID,
        ...(isPublic ? { token_endpoint_auth_method: "none" } : { client_secret: CLIENT_SECRET }),
        redirect_uris: [redirectUri],
        grant_types: ["authorization_code"],
        response_types: ["code"],
      };
      const settings = {
        clients: [client],
        jwks: { keys: [key] },
        cookies: { keys: ["only for tests"] },
        pkce: { required: () => true },
      };
      answer = new Provider(issuer, settings).callback();
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Signs in as `account` and agrees; answers the address that the provider sends the browser back to. */
export async function passProvider(location: string, account: string): Promise<URL> {
  const cookies = new Map<string, string>();
  const { origin } = new URL(location);
  let [url, form] = [location, undefined as URLSearchParams | undefined];
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const response = await fetch(url, {
      redirect: "manual",
      headers: { cookie: [...cookies].map((pair) => pair.join("=")).join("; ") },
      ...(form ? { method: "POST", body: form } : {}),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === "") cookies.delete(name);
      else cookies.set(name, value);
    }
    const page = await response.text();
    const next = response.headers.get("location");
    form = undefined;
    if (next !== null) {
      const there = new URL(next, url);
      if (there.origin !== origin) return there;
      url = there.href;
      continue;
    }
    const action = /<form[^>]* action="([^"]+)"/.exec(page)?.[1];
    const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1];
    if (action === undefined || prompt === undefined)
      throw new Error(`the provider answered ${response.status}: ${page}`);
    url = new URL(action, url).href;
    form = new URLSearchParams({ prompt, login: account, password: "any" });
  }
  throw new Error("the provider does not come to an end");
}

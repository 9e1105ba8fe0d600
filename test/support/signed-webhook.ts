/** A caller of the generic webhook: signs by Standard Webhooks, and checks what comes back signed the same way. */
import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

/** The value of the header `webhook-signature`. */
export function signWebhook(secret: string, id: string, seconds: string, body: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  return `v1,${createHmac("sha256", key).update(`${id}.${seconds}.${body}`).digest("base64")}`;
}

/** Posts the message. `query` may be `?wait=1`, `accept` ask for a stream. */
export async function postWebhook(
  url: string,
  secret: string,
  message: { id: string; conversation: string; user: string; text: string },
  { query = "", accept = "application/json" } = {},
): Promise<Response> {
  const { id, ...content } = message;
  const body = JSON.stringify(content);
  const seconds = String(Math.floor(Date.now() / 1000));
  return await fetch(url + query, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept,
      "webhook-id": id,
      "webhook-timestamp": seconds,
      "webhook-signature": signWebhook(secret, id, seconds, body),
    },
    body,
  });
}

export interface CallbackCall {
  headers: IncomingHttpHeaders;
  /** As it was signed. */
  text: string;
  body: Record<string, unknown>;
}

export interface CallbackReceiver extends AsyncDisposable {
  /** Address of the callback. */
  url: string;
  calls: CallbackCall[];
}

/** Takes every call with 200. */
export async function startCallbackReceiver(): Promise<CallbackReceiver> {
  const calls: CallbackCall[] = [];
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request.setEncoding("utf8")) text += chunk;
    calls.push({ headers: request.headers, text, body: JSON.parse(text) });
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // listens on TCP
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The owner in the web chat, without a browser: signs in by the link, writes and reads what is said. */
import type { ChatHistory } from "../../src/core/chat-protocol.ts";
import type { ChatMessage } from "../../src/core/message.ts";
import { until } from "./rockpool-process.ts";

export interface WebPerson {
  /** Sends a text; throws unless it was taken. */
  write(text: string): Promise<void>;
  /** The newest messages, oldest first. */
  history(): Promise<ChatMessage[]>;
  /** The history as soon as `holds` is true of it. */
  historyWhen(
    holds: (messages: ChatMessage[]) => boolean,
    what: string,
    deadlineMs?: number,
  ): Promise<ChatMessage[]>;
  /** Any path under the server's address, with the cookie. */
  get(path: string): Promise<Response>;
  /** Any path, with JSON, as the page sends it. */
  put(path: string, body: unknown): Promise<Response>;
  /** Hands in a file as the page does; its name stands in the query. */
  upload(name: string, mime: string, bytes: Uint8Array<ArrayBuffer>): Promise<Response>;
}

/** `ownerLink` as `rockpool up` prints it. */
export async function signInToWeb(ownerLink: string): Promise<WebPerson> {
  const { origin, hash } = new URL(ownerLink);
  const headers = { origin, "content-type": "application/json" };
  const token = hash.replace("#owner=", "");
  const signedIn = await fetch(`${origin}/api/sign-in`, {
    method: "POST",
    headers,
    body: JSON.stringify({ token }),
  });
  if (signedIn.status !== 204) throw new Error(`sign-in: ${await signedIn.text()}`);
  const cookie = signedIn.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  const get = (path: string) => fetch(origin + path, { headers: { cookie } });
  const history = async () => {
    const response = await get("/api/chat/history?limit=100");
    const page = (await response.json()) as ChatHistory; // the server under test speaks this protocol
    return page.messages;
  };
  return {
    get,
    history,
    put: (path, body) =>
      fetch(origin + path, {
        method: "PUT",
        headers: { ...headers, cookie },
        body: JSON.stringify(body),
      }),
    upload: (name, mime, bytes) =>
      fetch(`${origin}/api/chat/files?${new URLSearchParams({ name, kind: "file" })}`, {
        method: "POST",
        headers: { origin, "content-type": mime, cookie },
        body: bytes,
      }),
    async write(text) {
      const response = await fetch(`${origin}/api/chat/messages`, {
        method: "POST",
        headers: { ...headers, cookie },
        body: JSON.stringify({ id: crypto.randomUUID(), text, files: [] }),
      });
      if (response.status !== 202) throw new Error(`message: ${await response.text()}`);
    },
    async historyWhen(holds, what, deadlineMs) {
      let messages: ChatMessage[] = [];
      const look = async () => {
        messages = await history();
        return holds(messages);
      };
      await until(look, what, deadlineMs);
      return messages;
    },
  };
}

/** What tests inside workerd share: the bindings, and ways to speak to a session. */
import { env as untyped } from "cloudflare:workers";
import { type AccountKey, encodeSessionKey, type PersonId } from "../../src/core/ids.ts";
import type { AcceptRequest } from "../../src/core/session-protocol.ts";
import type { Env } from "../../src/env.ts";

/** The test runner's own type of `env` knows no bindings. */
export const env = untyped as unknown as Env;

export const person = {
  personId: "p1" as PersonId,
  role: "owner",
  name: "Ada",
  lang: "en",
} as const;
export const webAccount = "web:main" as AccountKey;

export interface MessageOptions {
  conversation?: string;
  key?: string;
  id?: string;
  kind?: "message" | "edit";
}

/** A web message of one person, as a route would hand it in. */
export function messageRequest(text: string, options: MessageOptions = {}): AcceptRequest {
  const conversation = { id: options.conversation ?? crypto.randomUUID(), kind: "direct" as const };
  const key = options.key ?? crypto.randomUUID();
  return {
    session: encodeSessionKey({ channel: "web", account: "main", conversation: conversation.id }),
    account: webAccount,
    speaker: person,
    event: {
      kind: options.kind ?? "message",
      key,
      message: {
        id: options.id ?? key,
        atMs: Date.now(),
        conversation,
        sender: { id: "p1", name: "Ada" },
        text,
        mentionsMe: true,
        media: [],
        target: { conversation },
      },
    },
  };
}

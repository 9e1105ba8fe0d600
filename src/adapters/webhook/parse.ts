/** The body of a webhook call: its one schema, and what it means as an inbound event. */
import * as v from "valibot";
import { AppError } from "../../core/errors.ts";
import type { InboundEvent, Sender } from "../../core/message.ts";

/** UTF-16 units of one message; the longest name of a conversation or of a person. */
export const MAX_TEXT_UNITS = 100_000;
export const MAX_NAME_UNITS = 200;
const MAX_LANG_UNITS = 35;

const nameSchema = v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_NAME_UNITS));

const bodySchema = v.object({
  conversation: nameSchema,
  user: v.union([
    nameSchema,
    v.object({
      id: nameSchema,
      name: v.optional(nameSchema),
      lang: v.optional(v.pipe(v.string(), v.maxLength(MAX_LANG_UNITS))),
    }),
  ]),
  text: v.pipe(v.string(), v.maxLength(MAX_TEXT_UNITS)),
  group: v.optional(v.boolean(), false),
  mentioned: v.optional(v.boolean(), false),
});

type Body = v.InferOutput<typeof bodySchema>;

const payloadSchema = v.object({
  id: v.pipe(v.string(), v.minLength(1)),
  atMs: v.pipe(v.number(), v.safeInteger()),
  body: bodySchema,
});

/** Bytes to a checked body. Throws webhook/bad_payload, which names the part that is wrong and never its value. */
export function readBody(bytes: Uint8Array): Body {
  const result = v.safeParse(bodySchema, readJson(bytes));
  if (result.success) return result.output;
  const [issue] = result.issues;
  const at = v.getDotPath(issue) ?? "the body";
  throw new AppError("webhook/bad_payload", {
    detail: `${at}: ${issue.expected ?? "another form"} is expected.`,
  });
}

function readJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch {
    // The parser's own words repeat the text, so they are no cause to pass on.
    throw new AppError("webhook/bad_payload", { detail: "The body is no JSON in UTF-8." });
  }
}

export function parse(payload: unknown): InboundEvent[] {
  const result = v.safeParse(payloadSchema, payload);
  if (!result.success) return [{ kind: "ignored", reason: "not a webhook message" }];
  const { id, atMs, body } = result.output;
  const text = cleanText(body.text);
  if (text === "") return [{ kind: "ignored", reason: "no text" }];
  const conversation = {
    id: body.conversation.toWellFormed(),
    kind: body.group ? ("group" as const) : ("direct" as const),
  };
  return [
    {
      kind: "message",
      key: id,
      message: {
        id,
        atMs,
        conversation,
        sender: readSender(body.user),
        text,
        mentionsMe: !body.group || body.mentioned,
        media: [],
        target: { conversation, replyTo: id },
      },
    },
  ];
}

function readSender(user: Body["user"]): Sender {
  if (typeof user === "string") return { id: user.toWellFormed() };
  return {
    id: user.id.toWellFormed(),
    ...(user.name === undefined ? {} : { name: cleanText(user.name) }),
    ...(user.lang === undefined ? {} : { lang: user.lang }),
  };
}

/** Well-formed, without control characters other than line feeds and tabs. */
function cleanText(text: string): string {
  return text
    .toWellFormed()
    .replace(/\r\n?/g, "\n")
    .replace(/[^\P{Cc}\n\t]/gu, "")
    .trim();
}

/** What the fake Bot API answers to each method: the state of its chats, its webhook and its files. */

import { readTelegramHtml } from "./fake-telegram-html.ts";
import { FAKE_BOT } from "./fake-telegram-updates.ts";

export type CallBody = Record<string, unknown>;

/** A file in a multipart body. */
export interface SentFile {
  name: string;
  bytes: Buffer;
}

/** A message as its chat shows it now. */
export interface ShownMessage {
  id: number;
  chatId: string;
  /** What a reader sees, markup taken out. */
  text: string;
  replyTo?: number;
  threadId?: number;
  edits: number;
  file?: SentFile;
}

export interface Refusal {
  code: number;
  description: string;
  retryAfterSeconds?: number;
}

export type MethodAnswer = { result: unknown } | { refusal: Refusal };

export interface FakeState {
  messages: Map<number, ShownMessage>;
  /** Newest draft of each chat. */
  drafts: Map<string, string>;
  files: Map<string, Uint8Array>;
  webhook: { url: string; secret: string; allowedUpdates: string[] } | undefined;
  commands: Map<string, unknown>;
  nextMessageId: number;
  /** False keeps no message. */
  record: boolean;
}

const MAX_TEXT_UNITS = 4096;

class Refused extends Error {
  readonly refusal: Refusal;
  constructor(code: number, description: string) {
    super(description);
    this.refusal = { code, description };
  }
}

function textOf(body: CallBody): string {
  const text = String(body.text ?? "");
  let shown = text;
  if (body.parse_mode === "HTML") {
    try {
      shown = readTelegramHtml(text);
    } catch (error) {
      const reason = error instanceof Error ? error.message : "";
      throw new Refused(400, `Bad Request: can't parse entities: ${reason}`);
    }
  }
  if (shown.trim() === "") throw new Refused(400, "Bad Request: message text is empty");
  if (shown.length > MAX_TEXT_UNITS) throw new Refused(400, "Bad Request: message is too long");
  return shown;
}

function chatIdOf(body: CallBody): string {
  const chatId = String(body.chat_id ?? "");
  if (!/^-?\d+$/.test(chatId)) throw new Refused(400, "Bad Request: chat not found");
  return chatId;
}

function asMessage(message: ShownMessage) {
  return {
    message_id: message.id,
    from: { ...FAKE_BOT, is_bot: true, first_name: "Rockpool" },
    chat: {
      id: Number(message.chatId),
      type: message.chatId.startsWith("-") ? "supergroup" : "private",
    },
    date: Math.floor(Date.now() / 1000),
    text: message.text,
  };
}

function show(state: FakeState, body: CallBody, content: { text: string; file?: SentFile }) {
  const reply = body.reply_parameters;
  const replyTo = typeof reply === "string" ? JSON.parse(reply) : reply;
  const message: ShownMessage = {
    id: state.nextMessageId++,
    chatId: chatIdOf(body),
    edits: 0,
    ...content,
    ...(replyTo ? { replyTo: Number(replyTo.message_id) } : {}),
    ...(body.message_thread_id === undefined ? {} : { threadId: Number(body.message_thread_id) }),
  };
  if (state.record) state.messages.set(message.id, message);
  return asMessage(message);
}

function edit(state: FakeState, body: CallBody) {
  const message = state.messages.get(Number(body.message_id));
  const text = textOf(body);
  if (!state.record) return true;
  if (message?.chatId !== chatIdOf(body))
    throw new Refused(400, "Bad Request: message to edit not found");
  if (message.text === text)
    throw new Refused(400, "Bad Request: message is not modified: the text is the same");
  message.text = text;
  message.edits += 1;
  return asMessage(message);
}

function draft(state: FakeState, body: CallBody) {
  const chatId = chatIdOf(body);
  if (chatId.startsWith("-")) throw new Refused(400, "Bad Request: drafts need a private chat");
  if (!Number(body.draft_id)) throw new Refused(400, "Bad Request: draft_id must be non-zero");
  state.drafts.set(chatId, textOf(body));
  return true;
}

function setWebhook(state: FakeState, body: CallBody) {
  const url = String(body.url ?? "");
  state.webhook =
    url === ""
      ? undefined
      : {
          url,
          secret: String(body.secret_token ?? ""),
          allowedUpdates: Array.isArray(body.allowed_updates) ? body.allowed_updates : [],
        };
  return true;
}

function getFile(state: FakeState, body: CallBody) {
  const id = String(body.file_id);
  const bytes = state.files.get(id);
  if (!bytes) throw new Refused(400, "Bad Request: invalid file_id");
  return { file_id: id, file_unique_id: id, file_size: bytes.length, file_path: `files/${id}` };
}

function sendFile(state: FakeState, body: CallBody, field: string) {
  const file = body[field];
  if (typeof file !== "object" || file === null) throw new Refused(400, "Bad Request: no file");
  return show(state, body, { text: "", file: file as SentFile }); // the multipart reader made it
}

const METHODS: Record<string, (state: FakeState, body: CallBody) => unknown> = {
  getMe: () => ({ ...FAKE_BOT, is_bot: true, first_name: "Rockpool", can_join_groups: true }),
  setWebhook,
  deleteWebhook(state) {
    state.webhook = undefined;
    return true;
  },
  setMyCommands(state, body) {
    state.commands.set(String(body.language_code ?? ""), body.commands);
    return true;
  },
  sendMessage: (state, body) => show(state, body, { text: textOf(body) }),
  editMessageText: edit,
  sendMessageDraft: draft,
  sendChatAction: (_state, body) => chatIdOf(body) !== "",
  getFile,
  sendPhoto: (state, body) => sendFile(state, body, "photo"),
  sendDocument: (state, body) => sendFile(state, body, "document"),
};

export function answerMethod(state: FakeState, method: string, body: CallBody): MethodAnswer {
  const run = METHODS[method];
  if (!run) return { refusal: { code: 404, description: "Not Found: method not found" } };
  try {
    return { result: run(state, body) };
  } catch (error) {
    if (error instanceof Refused) return { refusal: error.refusal };
    throw error;
  }
}

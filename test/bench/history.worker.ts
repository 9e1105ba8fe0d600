/**
 * Rockpool with another SessionObject that fills its history: the same tables, seals and places as the real one's,
 * written by the same code, in the same file. It also times how a prompt is built of it, with the real one's code. Run
 * once before a bench, on a folder that the real Worker then serves.
 */
import { DurableObject } from "cloudflare:workers";
import type { Account } from "../../src/adapters/adapter.ts";
import { parseUpdate } from "../../src/adapters/telegram/parse.ts";
import { encodeSessionKey, newId, type PersonId, type TurnId } from "../../src/core/ids.ts";
import type { AcceptRequest } from "../../src/core/session-protocol.ts";
import { openKeyring } from "../../src/do/isolate.ts";
import { History, type NewMessage } from "../../src/do/session/history.ts";
import { Meta } from "../../src/do/session/meta.ts";
import { PastTurns } from "../../src/do/session/past-turns.ts";
import { openSessionSchema } from "../../src/do/session/session-schema.ts";
import { userBody } from "../../src/do/session/stored-event.ts";
import { answerMessageId, userMessageId } from "../../src/do/session/turn-names.ts";
import type { Env } from "../../src/env.ts";
import { buildPrompt, promptRoom } from "../../src/turn/context.ts";
import { createUpdates } from "../support/fake-telegram-updates.ts";
import { createTelegramAccount } from "../support/telegram-account.ts";
import type { PromptTimes } from "./prompt-times.ts";

// The class below takes the place of its namesake.
export * from "../../src/index.ts";

const QUESTION =
  "Which fish would you keep in a small pool behind the house, and what do they eat?";
const ANSWER =
  "Goldfish and small koi do well. They take flakes, peas and what they find between the plants. ".repeat(
    4,
  );
const CONTEXT_TOKENS = 8_192;
const COLD_PROMPTS = 50;
const WARM_PROMPTS = 500;
/** Turns written in one transaction. */
const CHUNK_TURNS = 500;

const account: Account = createTelegramAccount();

function sessionOf(chatId: number) {
  return encodeSessionKey({
    channel: account.channel,
    account: account.name,
    conversation: String(chatId),
  });
}

export class SessionObject extends DurableObject<Env> {
  async fill(chatId: number, messages: number): Promise<void> {
    const { storage } = this.ctx;
    openSessionSchema(storage);
    const session = sessionOf(chatId);
    const history = new History(storage.sql, await openKeyring(this.env), session);
    const personId = newId<PersonId>();
    const speaker = { personId, role: "member", name: "Person", lang: "en" } as const;
    const updates = createUpdates();
    for (let left = messages / 2; left > 0; left -= CHUNK_TURNS) {
      const turns = Array.from({ length: Math.min(left, CHUNK_TURNS) }, () => {
        const [event] = parseUpdate(updates.text(chatId, QUESTION), account);
        if (event?.kind !== "message") throw new TypeError("The update is no message.");
        return { session, account: account.key, speaker, event };
      });
      const rows = await Promise.all(turns.map((request) => sealTurn(history, request)));
      storage.transactionSync(() => {
        for (const row of rows.flat()) history.append(row);
      });
    }
    const meta = new Meta(storage.sql);
    meta.set("key", session);
    meta.set("createdAtMs", Date.now());
    meta.set("loggedSeq", history.newestSeq());
  }

  /** The clock of workerd moves with I/O only: many prompts are built between two waits. */
  async timePrompts(chatId: number): Promise<PromptTimes> {
    const { sql } = this.ctx.storage;
    const history = new History(sql, await openKeyring(this.env), sessionOf(chatId));
    const kept = new PastTurns(sql, history);
    const warmMs = await timeEach(WARM_PROMPTS, () => buildOnce(kept));
    const coldMs = await timeEach(COLD_PROMPTS, () => buildOnce(new PastTurns(sql, history)));
    return { coldMs, warmMs };
  }
}

async function buildOnce(turns: PastTurns): Promise<void> {
  const space = { contextTokens: CONTEXT_TOKENS };
  const past = await turns.after(0, promptRoom(space));
  buildPrompt({ ...space, notes: { pins: [] }, past, said: { atMs: 0, user: QUESTION } });
}

async function timeEach(times: number, work: () => Promise<void>): Promise<number> {
  await work();
  await scheduler.wait(1);
  const startedAtMs = Date.now();
  for (let index = 0; index < times; index += 1) await work();
  await scheduler.wait(1);
  return (Date.now() - startedAtMs - 1) / times;
}

async function sealTurn(history: History, request: AcceptRequest): Promise<NewMessage[]> {
  const turnId = newId<TurnId>();
  const { personId } = request.speaker;
  const row = { turnId, personId, channel: account.channel, aside: false, atMs: Date.now() };
  const asked = userMessageId(turnId);
  const answered = answerMessageId(turnId);
  return [
    {
      ...row,
      id: asked,
      role: "user",
      sealed: await history.seal(asked, userBody(request, 0), personId),
    },
    {
      ...row,
      id: answered,
      role: "assistant",
      sealed: await history.seal(answered, { text: ANSWER, media: [] }, personId),
    },
  ];
}

/** POST /?chat=…&messages=… answers with {@link PromptTimes}. */
const filler: ExportedHandler<Env> = {
  async fetch(request, env) {
    const { searchParams } = new URL(request.url);
    const chatId = Number(searchParams.get("chat"));
    // Env names the real class; this run's is the one above.
    const sessions = env.SESSION as unknown as DurableObjectNamespace<SessionObject>;
    const session = sessions.getByName(sessionOf(chatId));
    await session.fill(chatId, Number(searchParams.get("messages")));
    return Response.json(await session.timePrompts(chatId));
  },
};

// biome-ignore lint/style/noDefaultExport: workerd takes a Worker's handlers from the default export
export default filler;

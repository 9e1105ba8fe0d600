/**
 * Rockpool with another SessionObject that fills a conversation as one person has left it: claims, messages, sent answers,
 * and their rows in the log, written by the real one's code. Run before the real Worker serves the same folder.
 */
import { DurableObject } from "cloudflare:workers";
import type { Account } from "../../src/adapters/adapter.ts";
import type { Person } from "../../src/core/directory-protocol.ts";
import {
  accountKey,
  encodeSessionKey,
  newId,
  type PersonId,
  parseAccountKey,
  type SessionKey,
  type TurnId,
} from "../../src/core/ids.ts";
import type { JournalEntry } from "../../src/core/journal.ts";
import { Outbox } from "../../src/do/delivery/outbox.ts";
import { openDirectory } from "../../src/do/directory/directory-client.ts";
import { openKeyring } from "../../src/do/isolate.ts";
import { History } from "../../src/do/session/history.ts";
import { Inbox } from "../../src/do/session/inbox.ts";
import { Meta } from "../../src/do/session/meta.ts";
import { openSessionSchema } from "../../src/do/session/session-schema.ts";
import { answerMessageId, replyKey, userMessageId } from "../../src/do/session/turn-names.ts";
import { joinPersonKeys } from "../../src/do/vault/person-keys.ts";
import type { Env } from "../../src/env.ts";

// The class below takes the place of its namesake.
export * from "../../src/index.ts";

const SENDER = "erased-by-the-bench";
const QUESTION = "Which fish would you keep in a small pool behind the house?";
const ANSWER = "Goldfish and small koi do well. They take flakes, peas and what they find. ".repeat(
  4,
);
/** Turns of one transaction, and log rows of one call. */
const CHUNK_TURNS = 500;
const MAX_LOG_UNITS = 4_000_000;

const ACCOUNTS = (["telegram", "webhook"] as const).map(
  (channel): Account => ({
    key: accountKey(channel, "erased"),
    channel,
    name: "erased",
    access: "open",
    transport: "webhook",
    settings: {},
    secrets: {},
  }),
);

function sessionOf({ channel, name }: Account): SessionKey {
  return encodeSessionKey({ channel, account: name, conversation: SENDER });
}

export class SessionObject extends DurableObject<Env> {
  async fill(session: SessionKey, account: Account, personId: PersonId, messages: number) {
    const { storage } = this.ctx;
    openSessionSchema(storage);
    const keyring = await openKeyring(this.env);
    const inbox = new Inbox(storage.sql);
    const history = new History(storage.sql, keyring, session);
    const outbox = new Outbox(storage.sql, keyring, session);
    const target = { conversation: { id: SENDER, kind: "direct" as const } };
    const { channel } = parseAccountKey(account.key);
    for (let left = messages / 2; left > 0; left -= CHUNK_TURNS) {
      const turns = Array.from({ length: Math.min(left, CHUNK_TURNS) }, () => newId<TurnId>());
      const sealed = await Promise.all(
        turns.map(async (turnId) => ({
          turnId,
          asked: await history.seal(userMessageId(turnId), { text: QUESTION, media: [] }, personId),
          said: await history.seal(answerMessageId(turnId), { text: ANSWER, media: [] }, personId),
          sent: await outbox.seal(replyKey(turnId, 0), { markdown: ANSWER, target }, personId),
        })),
      );
      const beforeSeq = history.newestSeq();
      storage.transactionSync(() => {
        for (const { turnId, asked, said, sent } of sealed) {
          const row = { turnId, personId, channel, aside: false, atMs: Date.now() };
          inbox.claimDone(`message-${turnId}`, turnId, personId, row.atMs);
          history.append({ ...row, id: userMessageId(turnId), role: "user", sealed: asked });
          history.append({ ...row, id: answerMessageId(turnId), role: "assistant", sealed: said });
          outbox.put({ ...sent, turnId, account: account.key, state: "pending" }, row.atMs);
          const put = outbox.find(sent.key);
          if (put) outbox.markSent(put, turnId);
        }
      });
      await this.#log([
        ...history.entriesAfter(beforeSeq, 2 * CHUNK_TURNS, MAX_LOG_UNITS),
        ...turns.flatMap((turnId) => turnEntries(turnId, session, channel, personId)),
      ]);
    }
    const meta = new Meta(storage.sql);
    meta.set("key", session);
    meta.set("createdAtMs", Date.now());
    meta.set("loggedSeq", history.newestSeq());
  }

  async #log(entries: JournalEntry[]): Promise<void> {
    await this.env.JOURNAL.getByName("journal").append(entries);
  }
}

function turnEntries(
  id: TurnId,
  sessionId: SessionKey,
  channel: string,
  personId: PersonId,
): JournalEntry[] {
  const atMs = Date.now();
  const took = { promptTokens: 400, outputTokens: 60, firstTokenMs: 90, totalMs: 1_200 };
  const times = { startedAtMs: atMs, endedAtMs: atMs };
  return [
    { kind: "turn", id, sessionId, personId, channel, outcome: "answered", code: null, ...times },
    { kind: "usage", turnId: id, personId, outcome: "answered", model: "bench", ...took, atMs },
  ];
}

/** Lets somebody in who writes from both accounts, and is one person by /link; the ids of both. */
async function createPerson(env: Env): Promise<PersonId[]> {
  const directory = openDirectory(env);
  const people: Person[] = [];
  for (const account of ACCOUNTS) {
    await directory.addAccount(account, []);
    const conversation = { id: SENDER, kind: "direct" as const };
    const admission = await directory.admit({
      account: account.key,
      sender: { id: SENDER, name: "Ada" },
      conversation,
      mentionsMe: true,
      target: { conversation },
    });
    if (admission.status !== "admitted") throw new TypeError(`Ada was ${admission.status}.`);
    const { personId: id, ...rest } = admission.speaker;
    people.push({ id, ...rest });
  }
  return people.map(({ id }) => id);
}

/** The person of the first id is the other's from now on. */
async function link(env: Env, [first, second]: readonly PersonId[]): Promise<PersonId> {
  const [from, to] = ACCOUNTS;
  if (!first || !second || !from || !to) throw new TypeError("Two ids are expected.");
  const directory = openDirectory(env);
  const code = await directory.createLinkCode(sessionOf(to), second);
  const speaker = { personId: first, role: "guest", name: "Ada", lang: "en" } as const;
  const linked = await directory.redeemLink({ code, session: sessionOf(from), speaker });
  if (linked.status !== "linked") throw new TypeError("The code was not taken.");
  await joinPersonKeys(env, linked.joined);
  return linked.joined.into;
}

/** POST /?messages=… answers with the id of a person who has so many, half of them on each of two channels. */
const filler: ExportedHandler<Env> = {
  async fetch(request, env) {
    const messages = Number(new URL(request.url).searchParams.get("messages"));
    const ids = await createPerson(env);
    // Env names the real class; this run's is the one above.
    const sessions = env.SESSION as unknown as DurableObjectNamespace<SessionObject>;
    for (const [index, account] of ACCOUNTS.entries()) {
      const session = sessionOf(account);
      const personId = ids[index] ?? newId<PersonId>();
      await sessions.getByName(session).fill(session, account, personId, messages / 2);
    }
    return Response.json({ personId: await link(env, ids) });
  },
};

// biome-ignore lint/style/noDefaultExport: workerd takes a Worker's handlers from the default export
export default filler;

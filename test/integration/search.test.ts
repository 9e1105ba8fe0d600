/** `/search` in a conversation of many thousand messages, each of them sealed: what it finds, how far it looks, who waits. */
import { runInDurableObject } from "cloudflare:test";
import { beforeAll, describe, it } from "vitest";
import { newId, type SessionKey, type TurnId } from "../../src/core/ids.ts";
import { openKeyring } from "../../src/do/isolate.ts";
import { History } from "../../src/do/session/history.ts";
import { Meta } from "../../src/do/session/meta.ts";
import { answerMessageId, userMessageId } from "../../src/do/session/turn-names.ts";
import { MAX_SEARCHED } from "../../src/turn/search-history.ts";
import { env, messageRequest, person } from "../support/integration.ts";
import { Talk } from "../support/talk.ts";

/** More than one search looks through. */
const TURNS = MAX_SEARCHED / 2 + 50;
const CHUNK_TURNS = 500;
const QUESTION = "Which fish would you keep in a small pool behind the house?";
const ANSWER = "Goldfish and small koi do well, with plants to find food between. ".repeat(4);
const FAR = "an axolotl, beyond what one search opens";
const DEEP = "a heron stood at the pool, nearly five thousand turns ago";

const long = new Talk();

function questionOf(turn: number): string {
  if (turn === 0) return FAR;
  return turn === 100 ? DEEP : QUESTION;
}

beforeAll(async () => {
  await long.ask("/help");
  const { session } = messageRequest("", { conversation: long.conversation });
  await runInDurableObject(env.SESSION.getByName(session), async (_object, { storage }) => {
    const history = new History(storage.sql, await openKeyring(env), session as SessionKey);
    for (let turn = 0; turn < TURNS; turn += CHUNK_TURNS) await fill(history, storage, turn);
    // As if D1 had them: this is about the conversation alone.
    new Meta(storage.sql).set("loggedSeq", history.newestSeq());
  });
  await long.kill();
}, 120_000);

async function fill(history: History, storage: DurableObjectStorage, first: number) {
  const turns = Array.from({ length: Math.min(CHUNK_TURNS, TURNS - first) }, async (_, index) => {
    const turnId = newId<TurnId>();
    const { personId } = person;
    const row = { turnId, personId, channel: "web", aside: false, atMs: Date.now() };
    const asked = userMessageId(turnId);
    const answered = answerMessageId(turnId);
    const question = { text: questionOf(first + index), media: [] };
    const answer = { text: ANSWER, media: [] };
    return [
      { ...row, id: asked, role: "user", sealed: await history.seal(asked, question, personId) },
      {
        ...row,
        id: answered,
        role: "assistant",
        sealed: await history.seal(answered, answer, personId),
      },
    ] as const;
  });
  const rows = await Promise.all(turns);
  storage.transactionSync(() => {
    for (const row of rows.flat()) history.append(row);
  });
}

async function search(words: string): Promise<string> {
  const reply = await long.replyTo(await long.say(`/search ${words}`), 60_000);
  return reply.status === "answered" ? reply.text : reply.status;
}

describe("a search through ten thousand messages", () => {
  it("finds what was said thousands of turns ago", async ({ expect }) => {
    const found = await search("heron POOL");
    expect(found).toMatch(/^Found 1, the newest first:\n- /);
    expect(found).toContain("heron stood at the pool");
  });

  it("looks at a bounded number, newest first, and says that there is more", async ({ expect }) => {
    expect(await search("axolotl")).toBe(
      "Nothing that was said here holds these words.\nThere may be older ones: add words to narrow it down.",
    );
    const many = await search("goldfish");
    expect(many.split("\n").filter((line) => line.startsWith("- "))).toHaveLength(10);
  });

  it("keeps nobody waiting elsewhere", async ({ expect }) => {
    const other = new Talk();
    const order: string[] = [];
    const searching = search("axolotl").then(() => order.push("search"));
    const asking = other.ask("/whoami").then(() => order.push("other"));
    await Promise.all([searching, asking]);
    expect(order).toEqual(["other", "search"]);
  });

  it("leaves no word of it in any table", async ({ expect }) => {
    await search("heron");
    const tables = await long.sql("SELECT name FROM sqlite_master WHERE type = 'table'");
    const columns = await Promise.all(
      tables
        .map(({ name }) => String(name))
        .filter((name) => !name.startsWith("_cf") && !name.startsWith("sqlite"))
        .map((name) => long.sql(`SELECT * FROM "${name}" LIMIT 100000`)),
    );
    const plain = columns.flat().flatMap((row) => Object.values(row).map(toText));
    expect(plain.length).toBeGreaterThan(MAX_SEARCHED);
    expect(plain.filter((text) => /heron|axolotl/i.test(text))).toEqual([]);
  });
});

function toText(value: SqlStorageValue): string {
  return value instanceof ArrayBuffer ? new TextDecoder().decode(value) : String(value);
}

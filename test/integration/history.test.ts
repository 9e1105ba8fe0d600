/** The messages of a session: what readers see, what the log gets. */
import { runInDurableObject } from "cloudflare:test";
import { describe, it } from "vitest";
import type { PersonId, SessionKey, TurnId } from "../../src/core/ids.ts";
import { openKeyring } from "../../src/do/isolate.ts";
import { History } from "../../src/do/session/history.ts";
import { openSessionSchema } from "../../src/do/session/session-schema.ts";
import { answerMessageId, userMessageId } from "../../src/do/session/turn-names.ts";
import { env } from "../support/integration.ts";

interface Bench {
  history: History;
  reopen(): History;
  /** One question and, unless it is empty, its answer. */
  talk(name: string, answer: string, aside?: boolean): Promise<void>;
}

async function withHistory(test: (bench: Bench) => Promise<void>): Promise<void> {
  const stub = env.SESSION.getByName(`test:main:${crypto.randomUUID()}`);
  const keyring = await openKeyring(env);
  await runInDurableObject(stub, async (_instance, { storage }) => {
    openSessionSchema(storage);
    const reopen = () => new History(storage.sql, keyring, "web:main:a" as SessionKey);
    const history = reopen();
    const talk: Bench["talk"] = async (name, answer, aside = false) => {
      const turnId = name as TurnId;
      const personId = "p" as PersonId;
      const row = { turnId, personId, channel: "web", aside, atMs: 1 };
      const [asked, answered] = [userMessageId(turnId), answerMessageId(turnId)];
      const question = await history.seal(asked, { text: `question ${name}`, media: [] }, personId);
      history.append({ ...row, id: asked, role: "user", sealed: question });
      if (answer === "") return;
      const sealed = await history.seal(answered, { text: answer, media: [] }, personId);
      history.append({ ...row, id: answered, role: "assistant", sealed });
    };
    await test({ history, reopen, talk });
  });
}

describe("what readers see", () => {
  it("are the newest messages between two positions, oldest first", ({ expect }) =>
    withHistory(async ({ history, talk }) => {
      for (const name of ["1", "2", "3"]) await talk(name, `answer ${name}`);
      const seqs = async (after: number, before: number, limit: number) =>
        (await history.page(after, before, limit)).map((message) => message.seq);
      expect(await seqs(0, 100, 100)).toEqual([1, 2, 3, 4, 5, 6]);
      expect(await seqs(0, 100, 2)).toEqual([5, 6]);
      expect(await seqs(0, 5, 2)).toEqual([3, 4]);
      expect(await seqs(4, 100, 100)).toEqual([5, 6]);
      expect(await history.ofTurn("2" as TurnId)).toMatchObject([
        { seq: 3, role: "user", text: "question 2" },
        { seq: 4, role: "assistant", text: "answer 2" },
      ]);
    }));
});

describe("what the log gets", () => {
  it("are sealed rows, some number or some length of them at once", ({ expect }) =>
    withHistory(async ({ history, talk }) => {
      for (const name of ["1", "2"]) await talk(name, "x".repeat(3_000));
      const ids = (after: number, limit: number, maxUnits: number) =>
        history.entriesAfter(after, limit, maxUnits).map((entry) => entry.id);
      expect(ids(0, 100, 1_000_000)).toEqual(["1:u", "1:a", "2:u", "2:a"]);
      expect(ids(0, 3, 1_000_000)).toEqual(["1:u", "1:a", "2:u"]);
      expect(ids(0, 100, 4_000)).toEqual(["1:u", "1:a"]);
      expect(ids(1, 100, 1)).toEqual(["1:a"]);
      expect(atob(history.entriesAfter(0, 1, 1)[0]?.body ?? "")).not.toContain("question");
    }));

  it("ends at the newest message, whose position no erasure gives again", ({ expect }) =>
    withHistory(async ({ history, reopen, talk }) => {
      await talk("1", "one");
      expect([history.newestSeq(), reopen().newestSeq()]).toEqual([2, 2]);
      history.forget();
      await talk("2", "two");
      expect(history.newestSeq()).toBe(4);
      expect(history.count()).toBe(2);
    }));
});

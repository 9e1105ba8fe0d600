/** What the owner is told: kept until his conversation has it, tried again, let go at last; and where it is sent. */
import { runInDurableObject } from "cloudflare:test";
import { describe, it } from "vitest";
import type { AccountKey, PersonId, SessionKey } from "../../src/core/ids.ts";
import { KEEP_NOTICE_MS } from "../../src/do/delivery/send-notice.ts";
import { openKeyring } from "../../src/do/isolate.ts";
import { MAX_NOTICES, Notices } from "../../src/do/session/notices.ts";
import { openSessionSchema } from "../../src/do/session/session-schema.ts";
import { env, messageRequest, person } from "../support/integration.ts";
import { until } from "../support/scripted-model.ts";
import { Talk } from "../support/talk.ts";

interface Bench {
  sql: SqlStorage;
  notices: Notices;
  /** The same table, as the next life of the object sees it. */
  reopen(): Notices;
  add(id: string, atMs?: number): Promise<void>;
}

/** Runs inside an object that has nothing but the session's tables. */
async function withNotices(test: (bench: Bench) => Promise<void>): Promise<void> {
  const stub = env.SESSION.getByName(`test:main:${crypto.randomUUID()}`);
  const keyring = await openKeyring(env);
  await runInDurableObject(stub, async (_instance, { storage }) => {
    openSessionSchema(storage);
    const { sql } = storage;
    const reopen = () => new Notices(sql, keyring, "web:main:c" as SessionKey);
    const notices = reopen();
    const sealed = await notices.seal("n", { en: "told", zh: "告知" }, person.personId);
    await test({
      sql,
      notices,
      reopen,
      add: async (id, atMs = 0) =>
        notices.add(id, id === "n" ? sealed : new Uint8Array(sealed), atMs),
    });
  });
}

describe("a notice", () => {
  it("is kept until it is dropped, and stands behind others after a failure", ({ expect }) =>
    withNotices(async ({ notices, reopen, add }) => {
      expect(notices.next()).toBeUndefined();
      await add("n", 5);
      await add("m", 6);
      const first = reopen().next();
      expect(first).toMatchObject({ id: "n", atMs: 5, attempts: 0, nextAtMs: 0 });
      expect(first && (await notices.open(first))).toEqual({ en: "told", zh: "告知" });
      notices.retryAt("n", 100);
      expect(notices.next()).toMatchObject({ id: "m" });
      notices.drop("m");
      expect(reopen().next()).toMatchObject({ id: "n", attempts: 1, nextAtMs: 100 });
      notices.forget();
      expect(reopen().next()).toBeUndefined();
    }));

  it("added twice is one", ({ expect }) =>
    withNotices(async ({ sql, add }) => {
      await add("n");
      await add("n");
      expect(sql.exec("SELECT count(*) AS n FROM notices").one()).toEqual({ n: 1 });
    }));

  it(`is one of ${MAX_NOTICES} at most: the oldest make room`, ({ expect }) =>
    withNotices(async ({ sql, add }) => {
      for (let index = 0; index <= MAX_NOTICES; index += 1) await add(`n${index}`, index);
      expect(sql.exec("SELECT count(*) AS n, min(at_ms) AS first FROM notices").one()).toEqual({
        n: MAX_NOTICES,
        first: 1,
      });
    }));

  it("that cannot be opened is tried again later, and let go after its time", async ({
    expect,
  }) => {
    const talk = new Talk();
    await talk.ask("/whoami");
    const nowMs = Date.now();
    const old = nowMs - KEEP_NOTICE_MS - 1;
    await talk.sql(
      `INSERT INTO notices (id, at_ms, body) VALUES ('new', ${nowMs}, zeroblob(40)), ('old', ${old}, zeroblob(40))`,
    );
    await talk.kill();
    await talk.ask("/whoami");
    // After a failure its lane rests for five seconds.
    await until(async () => (await talk.sql("SELECT 1 FROM notices")).length === 1);
    const tried = () => talk.sql("SELECT id, next_at_ms FROM notices WHERE attempts > 0");
    await until(async () => (await tried()).length === 1);
    expect(await tried()).toEqual([{ id: "new", next_at_ms: expect.any(Number) }]);
    expect(Number((await tried())[0]?.next_at_ms)).toBeGreaterThan(nowMs);
  });

  it("goes where the owner wrote last, and to his web chat before he wrote at all", async ({
    expect,
  }) => {
    const owner = new Talk();
    const personId = "p1" as PersonId;
    const tell = (id: string) => owner.calls.tell({ id, text: `told ${id}`, personId });
    await tell("a");
    const request = messageRequest("/whoami", { conversation: owner.conversation });
    Object.assign(request, { account: "elsewhere:main" as AccountKey });
    await owner.calls.accept(request);
    await owner.replyTo(request);
    await tell("b");
    expect(await owner.sql("SELECT account, key FROM outbox WHERE key LIKE '%:told:%'")).toEqual([
      { account: "web:main", key: "a:told:0" },
      { account: "elsewhere:main", key: "b:told:0" },
    ]);
  });
});

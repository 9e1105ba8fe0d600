/** What was counted before a restart is there after it, whoever counts first. One test: it needs an isolate that has counted nothing. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, it, vi } from "vitest";
import type { PersonId } from "../../src/core/ids.ts";
import { checkQuota, noteSpent } from "../../src/do/quota/quota-client.ts";
import { env } from "../support/integration.ts";

const ADA = "ada" as PersonId;

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2026, 10, 21, 12) }));
afterEach(() => void vi.useRealTimers());

function sql(query: string): Promise<Record<string, SqlStorageValue>[]> {
  return runInDurableObject(env.QUOTA.getByName("quota"), (_object, { storage }) =>
    storage.sql.exec(query).toArray(),
  );
}

describe("what a person has had today", () => {
  it("is added to after a restart, also by a turn that goes on before anybody writes", async ({
    expect,
  }) => {
    await sql(
      "INSERT INTO spent (person_id, day, messages, tokens, files, file_bytes, conversations) VALUES ('ada', '2026-11-21', 9, 100, 1, 7, 2)",
    );
    await noteSpent(env, ADA, { tokens: 5 });
    await runDurableObjectAlarm(env.QUOTA.getByName("quota"));
    const [row] = await sql("SELECT * FROM spent");
    expect(row).toMatchObject({ messages: 9, tokens: 105, files: 1, file_bytes: 7 });
    const access = { limits: { files_day: 1 } };
    const speaker = { personId: ADA, role: "member", name: "Ada", lang: "en", access } as const;
    expect(await checkQuota(env, speaker, { files: 1 })).toMatchObject({ quota: "files_day" });
  });
});

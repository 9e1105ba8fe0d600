/** What is kept, and how: each log row once through kills, nothing readable in any file, and a disk that is full. */
import { spawnSync } from "node:child_process";
import { appendFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, it } from "vitest";
import { systemCode } from "../../local-runtime/host-error.ts";
import { deliverUpdates } from "../support/fake-telegram-deliverer.ts";
import { FAKE_TOKEN } from "../support/fake-telegram-updates.ts";
import { temporaryFolder, until } from "../support/rockpool-process.ts";
import { countStored, filesWith, readD1, readSessions } from "../support/stored-rows.ts";
import { FAKE_SECRET } from "../support/telegram-account.ts";
import { startTelegramBox, type TelegramBox } from "../support/telegram-box.ts";

const TURNS = 200;
const KILLS = 10;
const CHATS = 10;
/** Log rows are at most this late. */
const LOG_DELAY_MS = 5_000;

describe("log rows", () => {
  let box: TelegramBox;
  const textOf = (index: number) => `question ${index} about a marmoset.`;

  beforeAll(async () => {
    box = await startTelegramBox({ ollama: { parallel: 8, tokenMs: 5 } });
  });
  afterAll(() => box.discard());

  it(`hold each of ${TURNS} turns once, ${KILLS} kills or not, five seconds later`, {
    timeout: 120_000,
  }, async ({ expect }) => {
    const { telegram } = box;
    const { dataDir } = box.rockpool;
    const delivery = deliverUpdates({
      url: box.webhookUrl,
      secret: box.secret,
      updates: box.updates.stream(TURNS, CHATS, textOf),
      perSecond: 25,
      timeoutMs: 5_000,
    });
    for (let kill = 0; kill < KILLS; kill += 1) {
      // Moments spread over the way of a message and of its log rows, the same in each run.
      await sleep(50 + ((kill * 337) % 700));
      await box.kill9();
    }
    expect((await delivery).accepted).toBe(TURNS);
    const answered = () => new Set(telegram.callsOf("sendMessage").map((call) => call.body.text));
    await telegram.waitUntil(() => answered().size === TURNS, 30_000);
    const isLogged = () =>
      readD1(dataDir, "turns").length === TURNS &&
      readD1(dataDir, "messages").length === 2 * TURNS &&
      readD1(dataDir, "usage").length === TURNS;
    await until(isLogged, "the log rows", LOG_DELAY_MS);

    const keptOf = (table: string, column: string) =>
      readSessions(dataDir).flatMap((session) => session.rows(table).map((row) => row[column]));
    const logged = readD1(dataDir, "messages");
    expect(logged.map((row) => row.id).toSorted()).toEqual(keptOf("messages", "id").toSorted());
    const turns = readD1(dataDir, "turns");
    expect(turns.map((row) => row.id).toSorted()).toEqual(keptOf("inbox", "turn_id").toSorted());
    expect(new Set(turns.map((row) => row.outcome))).toEqual(new Set(["answered"]));
    expect(readD1(dataDir, "sessions")).toHaveLength(CHATS);
    for (const turn of turns) {
      const said = logged.filter((row) => row.turn_id === turn.id);
      expect(said.map((row) => row.role).toSorted()).toEqual(["assistant", "user"]);
      expect(new Set(said.map((row) => row.session_id))).toEqual(new Set([turn.session_id]));
    }
  });

  it("are in no file readable, nor is anything else that was said or is secret", async ({
    expect,
  }) => {
    const { dataDir } = box.rockpool;
    const file = box.telegram.addFile(Buffer.from("a tarsier sat in the file"));
    await box.deliver(box.updates.document(1_001, file, "okapi.txt", "text/plain"));
    await until(() => countStored(dataDir).files === 1, "the file");
    const hidden = ["marmoset", "tarsier", "okapi", FAKE_TOKEN, FAKE_SECRET];
    const readable = () => hidden.flatMap((text) => filesWith(dataDir, text));
    // The search itself is sound: names of sessions are no secret.
    expect(filesWith(dataDir, "telegram:main:1001").length).toBeGreaterThan(1);
    expect(readable()).toEqual([]);
    await box.rockpool.stop();
    expect(readable()).toEqual([]);
  });
});

/** Writes to the file until nothing more fits beside it. */
function fillDisk(path: string): void {
  for (const sizeBytes of [1_048_576, 65_536, 4_096, 1])
    try {
      for (;;) appendFileSync(path, Buffer.alloc(sizeBytes));
    } catch (error) {
      if (systemCode(error) !== "ENOSPC") throw error;
    }
}

describe("a full disk", () => {
  const folder = temporaryFolder();
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=32m", "tmpfs", folder]);
  const reason = `no small file system can be made: ${mounted.error ?? mounted.stderr}`;

  afterAll(() => {
    if (mounted.status === 0) spawnSync("umount", ["--lazy", folder]);
    rmSync(folder, { recursive: true, force: true });
  });

  it("refuses what it cannot keep, and takes it once there is room", {
    timeout: 60_000,
  }, async ({ expect, skip }) => {
    skip(mounted.status !== 0, reason);
    const dataDir = join(folder, "data");
    const box = await startTelegramBox({ start: { dataDir } });
    const ballast = join(folder, "ballast");
    try {
      await box.deliver(box.updates.text(1_001, "before"));
      await box.telegram.waitUntil(() => box.telegram.messagesOf(1_001).length === 1);
      fillDisk(ballast);

      const updates = Array.from({ length: 40 }, (_, index) =>
        box.updates.text(1_001 + (index % 2), `kept ${index} ${"x".repeat(3_000)}`),
      );
      const statuses = new Map<number, typeof updates>();
      for (const update of updates) {
        const response = await box.post(JSON.stringify(update));
        const body = await response.text();
        if (response.status !== 200)
          expect(JSON.parse(body)).toMatchObject({ code: "session/unavailable" });
        statuses.set(response.status, [...(statuses.get(response.status) ?? []), update]);
      }
      const refused = statuses.get(503) ?? [];
      expect([...statuses.keys()].filter((status) => status !== 200)).toEqual([503]);
      expect(refused.length).toBeGreaterThan(0);
      expect((await fetch(`${box.rockpool.url}/healthz`)).status).toBe(200);
      const unready = await fetch(`${box.rockpool.url}/readyz`);
      expect(unready.status).toBe(503);
      expect(await unready.json()).toMatchObject({
        status: "not_ready",
        checks: expect.arrayContaining([{ name: "storage", ok: false }]),
      });

      rmSync(ballast);
      await box.deliver(...refused);
      const texts = () => box.telegram.callsOf("sendMessage").map((call) => String(call.body.text));
      const isAnswered = (index: number) =>
        texts().some((text) => text.startsWith(`echo: kept ${index} `));
      await box.telegram.waitUntil(() => updates.every((_, index) => isAnswered(index)), 40_000);
      for (const index of updates.keys())
        expect(texts().filter((text) => text.startsWith(`echo: kept ${index} `))).toHaveLength(1);
      expect((await fetch(`${box.rockpool.url}/readyz`)).status).toBe(200);
    } finally {
      await box.discard();
    }
  });
});

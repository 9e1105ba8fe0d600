/**
 * A power cut: what the disk was told to keep is kept, of the rest any part. Every message that was acknowledged before it is
 * answered after it. The disk is a trace of the real one, cut at moments just after an acknowledgement.
 */
import { randomInt } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import {
  cutPower,
  type Disk,
  type DiskCall,
  readDisk,
  traceDisk,
  whyNoTrace,
  writeDisk,
} from "../support/disk-trace.ts";
import { startRockpool, temporaryFolder, until } from "../support/rockpool-process.ts";
import { readSessions } from "../support/stored-rows.ts";
import { startTelegramBox, type TelegramBox } from "../support/telegram-box.ts";

const CHATS = 5;
const MESSAGES = 60;
const CUTS = 8;
const FIRST_CHAT = 1_001;

const reason = whyNoTrace();

interface Acknowledged {
  updateId: number;
  atMs: number;
}

/** Numbers from 0 to 1 that a seed repeats (xorshift). */
function seeded(seed: number): () => number {
  let state = seed || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Keys of the events that all sessions hold, with what became of them. */
function inboxOf(dataDir: string): Map<string, string> {
  const rows = readSessions(dataDir).flatMap((session) => session.rows("inbox"));
  return new Map(rows.map((row) => [String(row.key), String(row.state)]));
}

const keyOf = ({ updateId }: Acknowledged) => `telegram:main|${updateId}`;

describe.skipIf(reason)(`a power cut${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let box: TelegramBox;
  let before: Disk;
  let calls: DiskCall[];
  const acknowledged: Acknowledged[] = [];
  const folder = temporaryFolder();

  beforeAll(async () => {
    box = await startTelegramBox({ ollama: { parallel: 4 } });
    const { dataDir } = box.rockpool;
    // What happened before counts as synced: the accounts, and a first conversation.
    await box.deliver(box.updates.text(FIRST_CHAT, "first"));
    await until(() => box.telegram.messagesOf(FIRST_CHAT).length > 0, "the first answer");
    const trace = await traceDisk(box.rockpool.workerdPid, join(folder, "trace"));
    before = readDisk(dataDir);
    for (let index = 0; index < MESSAGES; index += 1) {
      const update = box.updates.text(FIRST_CHAT + (index % CHATS), `message ${index}`);
      await box.deliver(update);
      acknowledged.push({
        updateId: update.update_id,
        atMs: performance.timeOrigin + performance.now(),
      });
    }
    calls = await trace.stop(dataDir);
  }, 60_000);
  afterAll(async () => {
    await box?.discard();
    rmSync(folder, { recursive: true, force: true });
  });

  it.for(Array.from({ length: CUTS }, (_, index) => index))(
    "leaves every message that was acknowledged, and each is answered (cut %i)",
    { timeout: 60_000 },
    async (index, { expect }) => {
      const last = Math.floor(((index + 1) * MESSAGES) / CUTS) - 1;
      const seed = randomInt(2 ** 31);
      const { atMs } = acknowledged[last] ?? { atMs: 0 };
      const asked = calls.filter((call) => call.atMs <= atMs);
      expect(asked.length).toBeGreaterThan(0);
      const dataDir = join(folder, `cut-${index}`);
      writeDisk(cutPower(before, asked, seeded(seed)), box.rockpool.dataDir, dataDir);
      const rockpool = await startRockpool({ modelUrl: box.ollama.url, dataDir });
      try {
        const states = () =>
          acknowledged.slice(0, last + 1).map((one) => inboxOf(dataDir).get(keyOf(one)) ?? "lost");
        expect(states(), `seed ${seed}`).not.toContain("lost");
        await until(() => states().every((state) => state === "done"), "all answers");
      } finally {
        await rockpool.discard();
      }
    },
  );

  it("is what loses a message whose sync never came: the test sees it", ({ expect }) => {
    const dataDir = join(folder, "unsynced");
    const unsynced = calls.filter(({ kind }) => kind !== "sync");
    writeDisk(
      cutPower(before, unsynced, () => 0),
      box.rockpool.dataDir,
      dataDir,
    );
    const inbox = inboxOf(dataDir);
    expect(inbox.size).toBeGreaterThan(0);
    expect(acknowledged.filter((one) => inbox.has(keyOf(one)))).toEqual([]);
  });
});

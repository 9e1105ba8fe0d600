/** kill -9 of everything at random moments under a stream of messages: none is lost, none that was confirmed is doubled. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, it } from "vitest";
import { deliverUpdates } from "../support/fake-telegram-deliverer.ts";
import { createUpdates } from "../support/fake-telegram-updates.ts";
import { startTelegramBox, type TelegramBox } from "../support/telegram-box.ts";

const MESSAGES = 1_000;
const KILLS = 50;
const CHATS = 40;
/** A stream that lasts about as long as the kills do. */
const PER_SECOND = 25;
/** A send whose answer was recorded this long before a kill counts as confirmed. */
const CONFIRMED_AFTER_MS = 1_000;

/** Small, seeded, and good enough to choose moments; the seed is printed with a failure. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe("a box that is killed at random moments", () => {
  let box: TelegramBox;

  beforeAll(async () => {
    box = await startTelegramBox({
      ollama: { parallel: 16, firstTokenMs: 20, tokenMs: 2 },
    });
  });

  afterAll(async () => {
    await box.discard();
  });

  it(`answers each of ${MESSAGES} messages through ${KILLS} kills, with at most one double for a kill`, {
    timeout: 400_000,
  }, async ({ expect }) => {
    const { telegram } = box;
    const seed = Date.now() % 100_000;
    const random = createRandom(seed);
    const killedAt: number[] = [];
    const updates = createUpdates().stream(MESSAGES, CHATS, (index) => `message ${index}.`);
    const delivery = deliverUpdates({
      url: box.webhookUrl,
      secret: box.secret,
      updates,
      perSecond: PER_SECOND,
      timeoutMs: 5_000,
    });

    for (let kill = 0; kill < KILLS; kill += 1) {
      await sleep(20 + random() * 700);
      killedAt.push(performance.now());
      await box.kill9();
    }

    const report = await delivery;
    expect(report.accepted).toBe(MESSAGES);
    const answers = () => {
      const sent = new Map<string, number[]>();
      for (const call of telegram.callsOf("sendMessage")) {
        const text = String(call.body.text);
        sent.set(text, [...(sent.get(text) ?? []), call.atMs]);
      }
      return sent;
    };
    await telegram.waitUntil(() => answers().size >= MESSAGES, 60_000);

    const sent = answers();
    const expected = Array.from({ length: MESSAGES }, (_, index) => `echo: message ${index}.`);
    expect(expected.filter((text) => !sent.has(text))).toEqual([]);
    expect([...sent.keys()].filter((text) => !expected.includes(text))).toEqual([]);
    const doubled = [...sent].filter(([, times]) => times.length > 1);
    expect(doubled.length, `seed ${seed}`).toBeLessThanOrEqual(KILLS);
    for (const [text, times] of doubled) {
      const [first = 0] = times;
      const isExcused = killedAt.some((at) => at >= first - 50 && at - first < CONFIRMED_AFTER_MS);
      expect(
        isExcused,
        `${text} was sent again long after its send was confirmed; seed ${seed}`,
      ).toBe(true);
    }
  });
});

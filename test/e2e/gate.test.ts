/** People who share a model server with one slot: each is answered in turn, and sees where he stands until then. */
import { afterAll, beforeAll, describe, it } from "vitest";
import { until } from "../support/rockpool-process.ts";
import { startTelegramBox, type TelegramBox } from "../support/telegram-box.ts";

const [ADA, BOB, CAROL] = [7_001, 7_002, 7_003] as const;

let box: TelegramBox;

beforeAll(async () => {
  box = await startTelegramBox();
});
afterAll(async () => {
  await box.discard();
});

function textsOf(chatId: number): string[] {
  return box.telegram.messagesOf(chatId).map((message) => message.text);
}

async function readGauge(name: string): Promise<number> {
  const text = await (await fetch(`${box.rockpool.url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1]);
}

describe("two people who wait for a third", () => {
  it("see their places, and are answered in their order", async ({ expect }) => {
    box.ollama.control({ hold: true });
    await box.deliver(box.updates.text(ADA, "first"));
    await until(() => box.ollama.stats().held === 1, "the first chat");
    await box.deliver(box.updates.text(BOB, "second"));
    await until(async () => (await readGauge("rockpool_gate_queue_length")) === 1, "the second");
    await box.deliver(box.updates.text(CAROL, "third"));
    await until(async () => (await readGauge("rockpool_gate_queue_length")) === 2, "the third");
    expect(await readGauge("rockpool_gate_slots_busy")).toBe(1);

    const { telegram } = box;
    await telegram.waitUntil(() => [BOB, CAROL].every((chatId) => telegram.draftOf(chatId)));
    expect(telegram.draftOf(BOB)).toBe("Number 1 in line for the model");
    expect(telegram.draftOf(CAROL)).toBe("Number 2 in line for the model");
    await box.deliver(box.updates.text(CAROL, "/status"));
    await until(() => textsOf(CAROL).length === 1, "the answer to /status");
    expect(textsOf(CAROL)[0]).toContain(
      "Model server: 1 of 1 at work, 2 in line\nNumber 2 in line for the model",
    );
    expect((await box.rockpool.run(["status"])).stdout).toContain(
      "1 of 1 slots at work, 2 waiting for one",
    );
    expect(box.ollama.stats().held).toBe(1);

    box.ollama.control({ hold: false });
    await until(() => textsOf(CAROL).length === 2, "the last answer");
    expect([ADA, BOB, CAROL].map((chatId) => textsOf(chatId).at(-1))).toEqual([
      "echo: first",
      "echo: second",
      "echo: third",
    ]);
    const sent = telegram.callsOf("sendMessage").map(({ body }) => String(body.text));
    expect(sent.filter((text) => text.startsWith("echo"))).toEqual([
      "echo: first",
      "echo: second",
      "echo: third",
    ]);
    expect(await readGauge("rockpool_gate_queue_length")).toBe(0);
  });

  it("see it in a group in the message that becomes the answer, or says that it was stopped", async ({
    expect,
  }) => {
    const [group, other] = [-7_010, -7_011];
    box.ollama.control({ hold: true });
    await box.deliver(box.updates.text(ADA, "long"));
    await until(() => box.ollama.stats().held === 1, "the chat");
    const { updates, telegram } = box;
    await box.deliver(
      updates.groupMention(group, BOB, "hm?"),
      updates.groupMention(other, CAROL, "no"),
    );
    await telegram.waitUntil(() => textsOf(group).length > 0 && textsOf(other).length > 0);
    for (const shown of [...textsOf(group), ...textsOf(other)])
      expect(shown).toMatch(/^Number [12] in line for the model, about \d+ seconds$/);
    await box.deliver(updates.groupMention(other, CAROL, "/stop"));
    await telegram.waitUntil(() => textsOf(other).length === 2);
    await until(() => textsOf(other)[0] === "(stopped)", "the mark");
    box.ollama.control({ hold: false });
    await until(() => /^echo: .*hm\?$/.test(textsOf(group)[0] ?? ""), "the answer");
    expect(textsOf(group)).toHaveLength(1);
    expect(textsOf(other)).toEqual(["(stopped)", "Stopped."]);
    await until(() => textsOf(ADA).at(-1) === "echo: long", "the answer of the first");
  });

  it("leave the line by /stop", async ({ expect }) => {
    const before = textsOf(BOB).length;
    box.ollama.control({ hold: true });
    await box.deliver(box.updates.text(ADA, "long"));
    await until(() => box.ollama.stats().held === 1, "the chat");
    await box.deliver(box.updates.text(BOB, "never mind"));
    await until(async () => (await readGauge("rockpool_gate_queue_length")) === 1, "the line");
    const { chats } = box.ollama.stats();
    await box.deliver(box.updates.text(BOB, "/stop"));
    await until(() => textsOf(BOB).length === before + 1, "the answer to /stop");
    expect(await readGauge("rockpool_gate_queue_length")).toBe(0);
    box.ollama.control({ hold: false });
    await until(() => textsOf(ADA).at(-1) === "echo: long", "the answer");
    expect(textsOf(BOB).slice(before)).toEqual(["Stopped."]);
    expect(box.ollama.stats().chats).toBe(chats);
  });
});

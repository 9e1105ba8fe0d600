/** Redaction by policy on the real binary: what is masked before it is stored is nowhere. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { until } from "../support/rockpool-process.ts";
import { filesWith, readD1 } from "../support/stored-rows.ts";
import { startTelegramBox, type TelegramBox } from "../support/telegram-box.ts";

const CARD = "4111 1111 1111 1111";
const CHAT = 1_001;
const ASKED = `My card is ${CARD}, my number EMP-12345`;

let box: TelegramBox;

beforeAll(async () => {
  box = await startTelegramBox({ start: { env: { ROCKPOOL_REDACT_STORED: "card,own" } } });
  const file = join(box.rockpool.dataDir, "redact-patterns.txt");
  writeFileSync(file, "employee = EMP-\\d{4,6}\nrepeated = echo: M[y]\n", { mode: 0o600 });
  await box.kill9();
});
afterAll(() => box.discard());

const textsIn = (chat: number) => box.telegram.messagesOf(chat).map(({ text }) => text);

describe("what is masked before it is stored", () => {
  const OTHER = 1_002;

  it("is told no model by a document or its name", async ({ expect }) => {
    const file = box.telegram.addFile(Buffer.from(`The contract of EMP-12345, paid by ${CARD}`));
    await box.deliver(box.updates.document(OTHER, file, "EMP-12345.txt", "text/plain"));
    await until(() => textsIn(OTHER).length === 1, "the answer");
    const told = JSON.stringify(box.ollama.stats().lastChat);
    expect(told).toContain("The contract of [employee], paid by [card]");
    expect(told).toContain("[attached file: employee .txt]");
    expect(told).not.toMatch(/EMP-12345|4111/);
  });

  it("is remembered of nobody, in whichever way a model writes it", async ({ expect }) => {
    const fact = String.raw`{"fact":"is EMP\u002d12345"}`;
    await box.rockpool.run(["say", `call remember ${fact}`]);
    const memory = await box.rockpool.run(["say", "/memory"]);
    expect(memory.stdout).toContain("is [employee]");
  });
});

describe("what the owner has masked before it is stored", () => {
  it("is in no file and in no prompt, nor is what only the answer says", async ({ expect }) => {
    await box.deliver(box.updates.text(CHAT, ASKED));
    await until(() => textsIn(CHAT).length === 1, "the answer");
    expect(textsIn(CHAT)).toEqual(["[repeated] card is [card], my number [employee]"]);
    const prompt = JSON.stringify(box.ollama.stats().lastChat);
    expect(prompt).toContain("My card is [card], my number [employee]");
    const { dataDir } = box.rockpool;
    const logged = () => readD1(dataDir, "messages").map((row) => String(row.session_id));
    await until(
      () => logged().filter((id) => id.endsWith(`:${CHAT}`)).length === 2,
      "the log rows",
    );
    await box.rockpool.stop();
    expect([CARD, "EMP-12345", "echo: My"].flatMap((text) => filesWith(dataDir, text))).toEqual([]);
  });
});

describe("rockpool redact", () => {
  it("shows what is masked, with the owner's own patterns", async ({ expect }) => {
    const shown = await box.rockpool.run(["redact"], { input: `${ASKED}\n` });
    expect(shown).toMatchObject({ status: 0, stdout: "My card is [card], my number [employee]\n" });
    const some = await box.rockpool.run(["redact", "--kinds", "card", "--json", ASKED]);
    expect(JSON.parse(some.stdout)).toEqual({
      text: "My card is [card], my number EMP-12345",
      isMasked: true,
      kinds: ["card"],
    });
  });

  it("says which line of a file is wrong, and so does the start", async ({ expect }) => {
    const file = join(box.rockpool.dataDir, "redact-patterns.txt");
    writeFileSync(file, "employee = EMP-\\d{4,6}\nbroken = (hunter2\n");
    for (const args of [["redact", "x"], ["up"]]) {
      const { status, stderr } = await box.rockpool.run(args);
      expect(status).toBe(78);
      expect(stderr).toContain(
        `The file ${file} cannot be read: line 2: a pattern by the rules of RE2 is expected.`,
      );
      expect(stderr).toContain("Write one pattern on each line, as in: employee = EMP-\\d{4,6}.");
      expect(stderr).not.toContain("hunter2");
    }
  });

  it("refuses kinds that it does not know", async ({ expect }) => {
    const { status, stderr } = await box.rockpool.run(["redact", "--kinds", "cards", "x"]);
    expect(status).toBe(64);
    expect(stderr).toContain(
      "all, none, or some of secret, card, id, phone, email, own are expected.",
    );
  });
});

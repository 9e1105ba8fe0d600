/** Who may speak, in which language, and where: pairing, allow-lists, linked conversations, and forgetting. */
import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import type { PendingPairing } from "../../src/core/admin-protocol.ts";
import { createUpdates, type Update } from "../support/fake-telegram-updates.ts";
import { until } from "../support/rockpool-process.ts";
import { countStored, readD1, readDirectory, readSession } from "../support/stored-rows.ts";
import { startTelegramBox, type TelegramBox } from "../support/telegram-box.ts";
import { signInToWeb, type WebPerson } from "../support/web-person.ts";

let box: TelegramBox;
let web: WebPerson;
const chinese = createUpdates({ firstUpdateId: 100_000, languageCode: "zh-hans" });

beforeAll(async () => {
  box = await startTelegramBox({ access: "pairing" });
  await box.addAccount({ name: "team", access: "allowlist", allow: ["2001"] });
  await box.addAccount({ name: "public", access: "open" });
  web = await signInToWeb(box.rockpool.ownerLink);
});
afterEach(() => {
  box.ollama.control({ fault: "none", hold: false });
});
afterAll(() => box.discard());

async function deliverTo(account: string, ...updates: Update[]): Promise<void> {
  for (const update of updates) {
    const path = `/webhooks/telegram/${account}`;
    const response = await box.post(JSON.stringify(update), { path });
    if (response.status !== 200) throw new Error(`${account}: ${response.status}`);
  }
}

function textsOf(chatId: number): string[] {
  return box.telegram.messagesOf(chatId).map((message) => message.text);
}

async function textsWhen(chatId: number, count: number): Promise<string[]> {
  await box.telegram.waitUntil(() => textsOf(chatId).length >= count, 15_000);
  return textsOf(chatId);
}

/** What a chat is answered to one message on the open account. */
async function ask(chatId: number, text: string, updates = box.updates): Promise<string> {
  const before = textsOf(chatId).length;
  await deliverTo("public", updates.text(chatId, text));
  return (await textsWhen(chatId, before + 1))[before] ?? "";
}

async function askWeb(text: string): Promise<string> {
  const before = (await web.history()).length;
  await web.write(text);
  const isAnswered = (count: number) => count >= before + 2;
  const messages = await web.historyWhen((all) => isAnswered(all.length), `an answer to ${text}`);
  return messages.at(-1)?.text ?? "";
}

function codeIn(text: string): string {
  const code = /\b[A-Z0-9]{8}\b/.exec(text)?.[0];
  if (code === undefined) throw new Error(`no code in: ${text}`);
  return code;
}

async function runJson(...args: string[]) {
  const result = await box.rockpool.run([...args, "--json"]);
  return { ...result, json: JSON.parse(result.stdout) };
}

describe("an account that pairs", () => {
  it("tells a stranger a code, once in a while, and nothing else", async ({ expect }) => {
    const before = countStored(box.rockpool.dataDir);
    await deliverTo("main", box.updates.text(1_001, "hello"), box.updates.text(1_001, "/status"));
    const [notice] = await textsWhen(1_001, 1);
    expect(notice).toContain("This assistant is private.");
    const { json } = await runJson("pair", "list");
    const pending = json as PendingPairing[]; // the command's own output
    expect(pending).toMatchObject([
      {
        code: codeIn(notice ?? ""),
        channel: "telegram",
        account: "main",
        senderName: "Person 1001",
      },
    ]);
    const leftMs = (pending[0]?.expiresAtMs ?? 0) - Date.now();
    expect(leftMs).toBeGreaterThan(59 * 60_000);
    expect(leftMs).toBeLessThanOrEqual(60 * 60_000);
    expect(textsOf(1_001)).toHaveLength(1);
    expect(countStored(box.rockpool.dataDir)).toEqual({ ...before, pairings: 1 });
  });

  it("lets him in when the owner approves, typed in whatever case, and greets him", async ({
    expect,
  }) => {
    const code = codeIn(textsOf(1_001)[0] ?? "");
    const { json } = await runJson("pair", "approve", code.toLowerCase());
    expect(json).toEqual({
      channel: "telegram",
      account: "main",
      senderName: "Person 1001",
      decision: "approved",
    });
    expect((await textsWhen(1_001, 2))[1]).toMatch(/^You are in\./);
    await deliverTo("main", box.updates.text(1_001, "hello again"));
    expect((await textsWhen(1_001, 3))[2]).toBe("echo: hello again");
    const again = await runJson("pair", "approve", code);
    expect(again.status).not.toBe(0);
    expect(again.json).toMatchObject({ error: { code: "pairing/unknown_code" } });
  });

  it("leaves out whom the owner denies, without a word", async ({ expect }) => {
    await deliverTo("main", box.updates.text(1_002, "me too"));
    const [notice] = await textsWhen(1_002, 1);
    const { json } = await runJson("pair", "deny", codeIn(notice ?? ""));
    expect(json).toMatchObject({ senderName: "Person 1002", decision: "denied" });
    expect((await runJson("pair", "list")).json).toEqual([]);
    await deliverTo("main", box.updates.text(1_002, "please"));
    const [, second] = await textsWhen(1_002, 2);
    expect(codeIn(second ?? "")).not.toBe(codeIn(notice ?? ""));
    expect(second).toContain("This assistant is private.");
  });
});

describe("an allow-list", () => {
  it("answers who stands on it, and is silent to all others", async ({ expect }) => {
    await deliverTo("team", box.updates.text(2_002, "hello"), box.updates.text(2_001, "hello"));
    expect(await textsWhen(2_001, 1)).toEqual(["echo: hello"]);
    expect(textsOf(2_002)).toEqual([]);
    expect((await runJson("pair", "list")).json).toHaveLength(1);
  });
});

describe("an open account", () => {
  it("answers everybody, in private and where it is named", async ({ expect }) => {
    expect(await ask(3_001, "hello")).toBe("echo: hello");
    await deliverTo("public", box.updates.groupMention(-3_002, 3_003, "and here?"));
    expect(await textsWhen(-3_002, 1)).toEqual(["echo: Person 3003: and here?"]);
  });
});

describe("a person who reads Chinese", () => {
  it("is spoken to in Chinese from the first word on", async ({ expect }) => {
    await deliverTo("main", chinese.text(4_001, "你好"));
    const [notice] = await textsWhen(4_001, 1);
    expect(notice).toContain("这是一个私人助手");
    await box.rockpool.run(["pair", "approve", codeIn(notice ?? "")]);
    expect((await textsWhen(4_001, 2))[1]).toMatch(/^你已通过配对/);
    expect(await ask(4_002, "/help", chinese)).toMatch(/^我是 Rockpool/);
    expect(await ask(4_002, "/nonsense", chinese)).toContain("我不认识 /nonsense");
    box.ollama.control({ fault: "truncate", at: 0 });
    expect(await ask(4_002, "一个问题", chinese)).toBe("模型的回答中断了。请重试。");
  });
});

describe("/link", () => {
  const told = () => box.ollama.stats().lastChat?.messages.map((message) => message.content) ?? [];

  it("joins the web chat to a conversation that began in Telegram", async ({ expect }) => {
    expect(await ask(5_001, "my cat is called Tom")).toBe("echo: my cat is called Tom");
    const offer = await ask(5_001, "/link");
    expect(await askWeb("/link WRONGONE")).toMatch(/^This code is not valid/);
    expect(await ask(5_001, `/link ${codeIn(offer)}`)).toMatch(/^This is the code's own/);
    await web.write(`/link ${codeIn(offer).toLowerCase()}`);
    const shared = await web.historyWhen((all) => all.length === 6, "the shared history");
    expect(shared[1]).toMatchObject({ text: "echo: my cat is called Tom", channel: "telegram" });

    expect(await askWeb("from the web")).toBe("echo: from the web");
    expect(textsOf(5_001)).toHaveLength(3);
    expect(await ask(5_001, "from Telegram")).toBe("echo: from Telegram");
    expect(told().slice(1)).toEqual([
      "my cat is called Tom",
      "echo: my cat is called Tom",
      "from the web",
      "echo: from the web",
      "from Telegram",
    ]);
    const after = await web.history();
    expect(after.slice(-2)).toMatchObject([
      { channel: "telegram", text: "from Telegram" },
      { channel: "telegram", text: "echo: from Telegram" },
    ]);
  });

  it("joins a Telegram chat to the web chat, whose owner is the owner there, too", async ({
    expect,
  }) => {
    expect(await ask(5_002, "/whoami")).toBe("You are Person 5002 (guest), here as telegram.");
    const code = codeIn(await askWeb("/link"));
    expect(await ask(5_002, `/link ${code}`)).toMatch(/^Linked\. .* on telegram\.$/);
    expect(await ask(5_002, "/whoami")).toBe("You are Owner (owner), here as telegram.");
    expect(await ask(5_002, "what did I say last?")).toBe("echo: what did I say last?");
    expect(told()).toContain("from the web");
    expect((await web.history()).at(-1)?.text).toBe("echo: what did I say last?");
    expect(await ask(5_003, `/link ${code}`)).toMatch(/^This code is not valid/);
  });

  it("never makes the owner somebody else", async ({ expect }) => {
    const code = codeIn(await ask(5_004, "/link"));
    expect(await ask(5_002, `/link ${code}`)).toMatch(/^Linked\./);
    for (const chat of [5_001, 5_002, 5_004])
      expect(await ask(chat, "/whoami")).toBe("You are Owner (owner), here as telegram.");
    expect(await askWeb("/whoami")).toBe("You are Owner (owner), here as web.");
  });

  it("survives two conversations that each take the other's code", async ({ expect }) => {
    const [code7, code8] = [codeIn(await ask(5_007, "/link")), codeIn(await ask(5_008, "/link"))];
    expect(await ask(5_007, `/link ${code8}`)).toMatch(/^Linked\./);
    expect(await ask(5_008, `/link ${code7}`)).toMatch(/^This code is not valid/);
    expect(await ask(5_007, "seven")).toBe("echo: seven");
    expect(await ask(5_008, "eight")).toBe("echo: eight");
    expect(told().slice(1)).toEqual(["seven", "echo: seven", "eight"]);
  });

  it("is for private chats only", async ({ expect }) => {
    await deliverTo("public", box.updates.groupMention(-5_005, 5_006, "/link"));
    const [refusal] = await textsWhen(-5_005, 1);
    expect(refusal).toBe("/link works in private conversations only.");
  });
});

describe("/forget yes", () => {
  it("erases messages, files and log rows of the conversation, and of no other", async ({
    expect,
  }) => {
    const { dataDir } = box.rockpool;
    const key = "telegram:public:6001";
    const file = box.telegram.addFile(Buffer.alloc(2_000_000, "secret "));
    await ask(6_001, "first");
    await deliverTo("public", box.updates.document(6_001, file, "diary.zip", "application/zip"));
    await textsWhen(6_001, 2);
    await ask(6_002, "another conversation");
    const rows = (table: string) => readSession(dataDir, key).rows(table);
    const logged = (session: string) =>
      readD1(dataDir, "messages").filter((row) => row.session_id === session);
    await until(() => logged(key).length === 4, "the log rows");
    await until(() => logged("telegram:public:6002").length === 2, "the other's log rows");
    expect(rows("files")).toHaveLength(1);
    expect(rows("file_chunks")).toHaveLength(2);
    expect(await ask(6_001, "/forget")).toContain(
      "This erases 5 messages, the files, notes and reminders",
    );
    expect(rows("messages")).toHaveLength(6);

    expect(await ask(6_001, "/forget yes")).toBe("Forgotten: 6 messages.");
    expect(rows("files")).toEqual([]);
    expect(rows("file_chunks")).toEqual([]);
    expect(rows("messages").map((row) => row.role)).toEqual(["user", "assistant"]);
    expect(rows("outbox")).toHaveLength(1);
    const isGone = () => logged(key).every((row) => Number(row.seq) > 6);
    await until(() => isGone() && logged(key).length === 2, "the log rows to go");
    expect(logged("telegram:public:6002")).toHaveLength(2);

    expect(await ask(6_001, "second")).toBe("echo: second");
    const told = box.ollama.stats().lastChat?.messages.map((message) => message.content);
    expect(told?.slice(1)).toEqual(["second"]);
    expect(readDirectory(dataDir, "identities").length).toBeGreaterThan(0);
  });

  it("stops what runs, and keeps nothing of it", async ({ expect }) => {
    const key = "telegram:public:6003";
    await ask(6_003, "first");
    box.ollama.control({ hold: true });
    const { held } = box.ollama.stats();
    await deliverTo("public", box.updates.text(6_003, "second"), box.updates.text(6_003, "third"));
    await until(() => box.ollama.stats().held > held, "the running turn");
    expect(await ask(6_003, "/forget yes")).toBe("Forgotten: 4 messages.");
    box.ollama.control({ hold: false });
    expect(await ask(6_003, "fourth")).toBe("echo: fourth");
    expect(textsOf(6_003)).toEqual(["echo: first", "Forgotten: 4 messages.", "echo: fourth"]);
    expect(readSession(box.rockpool.dataDir, key).rows("messages")).toHaveLength(4);
  });
});

/** What people's limits count of the model's work: all of it, also where nobody reads the end. */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { afterAll, beforeAll, describe, it, vi } from "vitest";
import { publicApp } from "../../src/app.ts";
import type { PersonId } from "../../src/core/ids.ts";
import type { PromptMessage } from "../../src/core/ports.ts";
import { openDirectory } from "../../src/do/directory/directory-client.ts";
import { openLedger } from "../../src/do/quota/quota-ledger.ts";
import { estimatePrompt } from "../../src/turn/tokens.ts";
import { env, person } from "../support/integration.ts";
import { type Chat, ScriptedModel, until } from "../support/scripted-model.ts";
import { Talk } from "../support/talk.ts";

/** What the scripted server says that it read and wrote of each answer. */
const READ = 40;
const WROTE = 1;

const model = new ScriptedModel();
model.capabilities = ["completion", "tools"];

beforeAll(() => {
  vi.stubGlobal("fetch", model.fetch);
});
afterAll(() => {
  vi.unstubAllGlobals();
});

function spentOf(personId: PersonId): number {
  const ledger = openLedger(env);
  ledger.spend(personId, {}, Date.now()); // so that it is among what has changed
  const rows = ledger.takeChanges(Number.MAX_SAFE_INTEGER);
  ledger.putBack(rows);
  return rows.find((row) => row.personId === personId)?.tokens ?? 0;
}

/** A person of one test alone: the ledger is the whole isolate's. */
function openTalk() {
  const personId = crypto.randomUUID() as PersonId;
  const talk = new Talk();
  return { personId, talk, say: (text: string) => talk.sayAs({ personId }, text) };
}

/** The rows of D1, the oldest first, as soon as there are so many. */
async function rowsOf(personId: PersonId, count: number) {
  const query =
    "SELECT outcome, model, prompt_tokens AS prompt, output_tokens AS output FROM usage WHERE person_id = ? ORDER BY at_ms, turn_id";
  const load = () => env.DB.prepare(query).bind(personId).all();
  await until(async () => (await load()).results.length >= count);
  return (await load()).results;
}

function promptOf({ told }: Chat): PromptMessage[] {
  return told.map(({ content }) => ({ role: "user", content }));
}

async function answer(text: string): Promise<Chat> {
  const chat = await model.nextChat();
  chat.promptTokens = READ;
  chat.pieces.push(text);
  chat.isOver = true;
  return chat;
}

describe("an answer", () => {
  it("counts what the server says of it, once for each round with tools", async ({ expect }) => {
    const { personId, talk, say } = openTalk();
    const asked = await say("What is 6 * 7?");
    const first = await model.nextChat();
    first.promptTokens = READ;
    first.calls.push({ name: "calculator", arguments: { expression: "6 * 7" } });
    first.isOver = true;
    await answer("It is 42.");
    await talk.replyTo(asked);
    expect(spentOf(personId)).toBe(2 * (READ + WROTE));
    expect(await rowsOf(personId, 1)).toEqual([
      { outcome: "answered", model: "test:1b", prompt: 2 * READ, output: 2 * WROTE },
    ]);
  });

  it("that is stopped counts what was sent and heard", async ({ expect }) => {
    const { personId, talk, say } = openTalk();
    const asked = await say("Tell me a story");
    const chat = await model.nextChat();
    chat.pieces.push("Once");
    await talk.hear(asked, "Once");
    await say("/stop");
    await until(() => chat.isCancelled);
    await talk.replyTo(asked);
    expect(spentOf(personId)).toBe(estimatePrompt(promptOf(chat)) + 1);
    expect(await rowsOf(personId, 1)).toEqual([
      { outcome: "stopped", model: "test:1b", prompt: estimatePrompt(promptOf(chat)), output: 1 },
    ]);
  });

  it("that is stopped in a later round with tools has a row of all of them", async ({ expect }) => {
    const { personId, talk, say } = openTalk();
    const asked = await say("What is 6 * 7?");
    const first = await model.nextChat();
    first.promptTokens = READ;
    first.calls.push({ name: "calculator", arguments: { expression: "6 * 7" } });
    first.isOver = true;
    const second = await model.nextChat();
    second.pieces.push("It is");
    await talk.hear(asked, "It is");
    await say("/stop");
    await until(() => second.isCancelled);
    await talk.replyTo(asked);
    const [row] = await rowsOf(personId, 1);
    expect(row).toMatchObject({ outcome: "stopped", output: WROTE + 1 });
    expect(Number(row?.prompt) + Number(row?.output)).toBe(spentOf(personId));
  });

  it("that is stopped before its first word counts nothing", async ({ expect }) => {
    const { personId, talk, say } = openTalk();
    const asked = await say("Tell me a story");
    const chat = await model.nextChat();
    await say("/stop");
    await until(() => chat.isCancelled);
    await talk.replyTo(asked);
    expect(spentOf(personId)).toBe(0);
    // What is said later has its row: by then this would have one, too.
    const next = await say("hello");
    await answer("hi");
    await talk.replyTo(next);
    expect(await rowsOf(personId, 1)).toMatchObject([{ outcome: "answered" }]);
  });

  it("that broke off counts as well", async ({ expect }) => {
    const { personId, talk, say } = openTalk();
    const asked = await say("Tell me a story");
    const chat = await model.nextChat();
    chat.pieces.push("Once");
    await talk.hear(asked, "Once");
    chat.failure = "the runner has stopped";
    chat.isOver = true;
    await talk.replyTo(asked);
    expect(spentOf(personId)).toBe(estimatePrompt(promptOf(chat)) + 1);
    expect(await rowsOf(personId, 1)).toEqual([
      { outcome: "failed", model: "test:1b", prompt: estimatePrompt(promptOf(chat)), output: 1 },
    ]);
  });
});

describe("a long document", () => {
  it("counts each part that is read of it in the background", async ({ expect }) => {
    const talk = new Talk();
    const before = spentOf(person.personId);
    const text = ["one", "two", "three"]
      .map((word) => `${word} ${"words ".repeat(880)}`)
      .join("\n\n");
    const bytes = new TextEncoder().encode(text);
    const file = { kind: "file", name: "book.txt", mime: "text/plain", bytes } as const;
    const asked = await talk.sayWith("what happens?", [file]);
    for (const note of ["note 1", "note 2", "note 3", "It ends well."]) await answer(note);
    expect(await talk.replyTo(asked)).toMatchObject({ text: "It ends well." });
    expect(spentOf(person.personId) - before).toBe(4 * (READ + WROTE));
  });
});

describe("a call of the API", () => {
  it("counts also where the client goes away", async ({ expect }) => {
    const owner = await openDirectory(env).ensureOwner();
    const { key } = await openDirectory(env).createApiKey({ name: "spends", scopes: ["chat"] });
    const before = spentOf(owner.id);
    const controller = new AbortController();
    const context = createExecutionContext();
    const body = { model: "test:1b", messages: [{ role: "user", content: "hello" }], stream: true };
    const request = new Request("https://box.example/v1/chat/completions", {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: controller.signal,
    });
    const asked = publicApp.fetch(request, env, context);
    const chat = await model.nextChat();
    chat.pieces.push("one");
    await asked;
    controller.abort();
    await until(() => chat.isCancelled);
    await waitOnExecutionContext(context);
    expect(spentOf(owner.id) - before).toBe(estimatePrompt(promptOf(chat)) + 1);
    expect(await rowsOf(owner.id, 1)).toEqual([
      { outcome: "stopped", model: "test:1b", prompt: estimatePrompt(promptOf(chat)), output: 1 },
    ]);
  });
});

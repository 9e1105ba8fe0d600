/** Somebody comes by a webhook, is handed over to a person, and the owner answers in his web chat and in the terminal: through kill -9. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { type FakeOllama, startFakeOllama } from "../support/fake-ollama.ts";
import { type RockpoolProcess, startRockpool, until } from "../support/rockpool-process.ts";
import {
  type CallbackReceiver,
  postWebhook,
  startCallbackReceiver,
} from "../support/signed-webhook.ts";
import { signInToWeb, type WebPerson } from "../support/web-person.ts";

const FLOW = `
flow: desk
title: { en: Desk, zh: 服务台 }
phrases: [a person please]
start: what
states:
  what: { ask: { en: "What is it?", zh: "什么事？" }, label: { en: It, zh: 事项 }, accept: { type: text }, next: end }
  end: { end: person, say: { en: Somebody answers., zh: 有人会回复。 } }
`;

let folder: string;
let ollama: FakeOllama;
let receiver: CallbackReceiver;
let rockpool: RockpoolProcess;
let hook: { url: string; secret: string };
let owner: WebPerson;
let nextId = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "rockpool-desk-"));
  writeFileSync(join(folder, "desk.yaml"), FLOW);
  ollama = await startFakeOllama({ reply: "echo" });
  receiver = await startCallbackReceiver();
  rockpool = await startRockpool({ modelUrl: ollama.url });
  const words = ["channel", "add", "webhook", "--name", "desk", "--access", "open", "--json"];
  const callback = ["--callback", receiver.url, "--api-base", receiver.url];
  const added = await rockpool.run([...words, ...callback]);
  if (added.status !== 0) throw new Error(`channel add: ${added.stdout}${added.stderr}`);
  const { webhookUrl, generated } = JSON.parse(added.stdout);
  hook = { url: String(webhookUrl), secret: String(generated.secret) };
  const flow = await rockpool.run(["flow", "add", join(folder, "desk.yaml")]);
  if (flow.status !== 0) throw new Error(`flow add: ${flow.stdout}${flow.stderr}`);
  owner = await signInToWeb(rockpool.ownerLink);
});
afterAll(async () => {
  await rockpool.discard();
  await receiver[Symbol.asyncDispose]();
  await ollama.close();
  rmSync(folder, { recursive: true, force: true });
});

async function write(text: string): Promise<void> {
  nextId += 1;
  const message = { id: `desk-${nextId}`, conversation: "c1", user: "anna", text };
  const response = await postWebhook(hook.url, hook.secret, message);
  if (!response.ok) throw new Error(await response.text());
}

/** How many messages said this: a call that a kill cut off is made again, under its old id. */
function countHeard(text: string): number {
  const calls = receiver.calls.filter(({ body }) => body.text === text);
  return new Set(calls.map(({ headers }) => headers["webhook-id"])).size;
}

async function hears(text: string): Promise<void> {
  await until(async () => countHeard(text) > 0, `Anna to hear "${text}"`);
}

async function ownerIsTold(text: string): Promise<void> {
  await owner.historyWhen(
    (all) => all.some((message) => message.text.includes(text)),
    `the owner to be told "${text}"`,
  );
}

describe("somebody who is handed over", () => {
  it("speaks with the owner across channels and kills, and then with the model again", async ({
    expect,
  }) => {
    await write("a person please");
    await hears("What is it?");
    await write("The roof leaks.");
    await hears("Somebody answers.\n\n- It: The roof leaks.");
    await ownerIsTold("`/reply 1 <text>` answers");
    await write("Hello?");
    await rockpool.kill9Workerd();
    await ownerIsTold("**#1 anna:** Hello?");
    await hears("I pass on what you write; a person will answer you here. /cancel brings me back.");

    const waiting = await rockpool.run(["flow", "waiting", "--json"]);
    expect(JSON.parse(waiting.stdout)).toEqual([
      {
        number: 1,
        name: "anna",
        channel: "webhook",
        flow: "desk",
        openedAtMs: expect.any(Number),
        answeredBy: null,
      },
    ]);
    await owner.write("/reply 1 I am on my way.");
    await rockpool.kill9Workerd();
    await hears("I am on my way.");
    await ownerIsTold("Sent to #1.");

    const sent = await rockpool.run(["flow", "reply", "1", "Ten", "minutes."]);
    expect(sent).toMatchObject({ status: 0, stdout: "Sent to 1.\n" });
    await hears("Ten minutes.");
    await write("Thank you.");
    await ownerIsTold("**#1 anna:** Thank you.");
    expect((await rockpool.run(["flow", "waiting"])).stdout).toMatch(/^NUMBER .*\n1 +anna /);

    const done = await rockpool.run(["flow", "done", "1", "--json"]);
    expect(JSON.parse(done.stdout)).toEqual({ ended: { number: 1 } });
    await hears("From here on the assistant answers you again.");
    await write("now the model");
    await until(
      async () => receiver.calls.some(({ body }) => String(body.text).includes("now the model")),
      "the model to answer",
    );
    expect((await rockpool.run(["flow", "waiting"])).stdout).toBe("Nobody waits for a person.\n");
    for (const text of ["I am on my way.", "Ten minutes."]) expect(countHeard(text)).toBe(1);
  });

  it("and is none any more is named by the command, which says what to do", async ({ expect }) => {
    const over = await rockpool.run(["flow", "reply", "1", "hello", "--json"]);
    expect(over.status).toBe(1);
    expect(JSON.parse(over.stdout)).toMatchObject({ error: { code: "handover/unknown" } });
    const odd = await rockpool.run(["flow", "done", "one"]);
    expect(odd.status).toBe(64);
    expect(odd.stderr).toContain("`npx rockpool flow waiting` lists the numbers.");
  });
});

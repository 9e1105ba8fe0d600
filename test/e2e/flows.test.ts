/** Dialogue flows on the real program: added by the command, spoken over the generic webhook, through kill -9. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { type RockpoolProcess, startRockpool } from "../support/rockpool-process.ts";
import { postWebhook } from "../support/signed-webhook.ts";
import { signInToWeb, type WebPerson } from "../support/web-person.ts";

const CONTACT = join(import.meta.dirname, "..", "..", "local-runtime", "flows", "contact.yaml");

let rockpool: RockpoolProcess;
let hook: { url: string; secret: string };
let owner: WebPerson;
let nextId = 0;

beforeAll(async () => {
  rockpool = await startRockpool();
  const words = ["channel", "add", "webhook", "--name", "desk", "--access", "open", "--json"];
  const { webhookUrl, generated } = JSON.parse((await rockpool.run(words)).stdout);
  hook = { url: String(webhookUrl), secret: String(generated.secret) };
  owner = await signInToWeb(rockpool.ownerLink);
});
afterAll(async () => {
  await rockpool.discard();
});

/** What the assistant answers; there is no model server. */
async function ask(text: string, conversation: string): Promise<string> {
  nextId += 1;
  const message = { id: `flow-${nextId}`, conversation, user: "anna", text };
  const response = await postWebhook(hook.url, hook.secret, message, { query: "?wait=1" });
  return String(((await response.json()) as { text?: unknown }).text); // asserted on by the tests
}

describe("a flow", () => {
  it("is added, listed, and changed into itself by the command", async ({ expect }) => {
    const added = await rockpool.run(["flow", "add", CONTACT, "--json"]);
    expect(JSON.parse(added.stdout)).toMatchObject({
      change: "added",
      flow: { name: "contact", version: 1, states: 8 },
    });
    const again = await rockpool.run(["flow", "add", CONTACT]);
    expect(again.stdout).toBe("The flow contact is the same already (version 1).\n");
    const listed = await rockpool.run(["flow", "list"]);
    expect(listed.stdout).toContain("contact  1        Contact form");
  });

  it("runs from its phrase to its end through two kills, and the owner is told once", async ({
    expect,
  }) => {
    expect(await ask("Leave a message", "c1")).toBe("What is your name?");
    expect(await ask("Anna *the* Second", "c1")).toBe(
      "Thank you, Anna \\*the\\* Second. How may we reach you?\n\n1. E-mail\n2. Phone",
    );
    await rockpool.kill9Workerd();
    expect(await ask("phone", "c1")).toBe("At which phone number?");
    expect(await ask("+44 20 7946 0958", "c1")).toBe("What is it about?");
    expect(await ask("The roof leaks.", "c1")).toContain("shall I pass this on?");
    expect(await ask("yes", "c1")).toBe(
      "Thank you, I have passed it on. A person will answer you.\n\n- Name: Anna \\*the\\* Second\n- Phone: +442079460958\n- Message: The roof leaks.",
    );
    await rockpool.kill9Workerd();
    const isTold = (text: string) => text.startsWith("**Contact form**: anna has answered");
    const messages = await owner.historyWhen(
      (all) => all.some(({ text }) => isTold(text)),
      "the owner to be told",
    );
    const told = messages.filter(({ text }) => isTold(text));
    expect(told.map(({ text }) => text)).toEqual([
      "**Contact form**: anna has answered (webhook, conversation c1).\n\n- Name: Anna \\*the\\* Second\n- Phone: +442079460958\n- Message: The roof leaks.\n\n`/reply 1 <text>` answers, `/done 1` gives it back to the assistant; /waiting lists all.",
    ]);
  });

  it("that is removed while it runs goes on to its end, and begins no more", async ({ expect }) => {
    expect(await ask("/flow contact", "c2")).toBe("What is your name?");
    const removed = await rockpool.run(["flow", "remove", "contact", "--json"]);
    expect(JSON.parse(removed.stdout)).toEqual({ removed: { name: "contact" } });
    expect(await ask("Ben", "c2")).toContain("How may we reach you?");
    expect(await ask("/cancel", "c2")).toContain("I have left that");
    expect(await ask("/flow", "c2")).toBe("I know no dialogues yet.");
    const gone = await rockpool.run(["flow", "remove", "contact", "--json"]);
    expect(JSON.parse(gone.stdout)).toMatchObject({ error: { code: "flow/unknown" } });
    expect(gone.status).toBe(1);
  });

  it("that is wrong is refused, and names what is wrong", async ({ expect }) => {
    const script = CONTACT.replace(".yaml", ".script.yaml");
    const refused = await rockpool.run(["flow", "add", script]);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain('Expected "flow"');
    const rehearsed = await rockpool.run(["flow", "test", CONTACT]);
    expect(rehearsed.status).toBe(0);
  });
});

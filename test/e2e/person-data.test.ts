/** A person's data on the real program: exported, verified, changed, and erased by the person's own word. */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import {
  type RockpoolProcess,
  runRockpool,
  startRockpool,
  until,
} from "../support/rockpool-process.ts";
import { postWebhook } from "../support/signed-webhook.ts";
import { readD1 } from "../support/stored-rows.ts";

let rockpool: RockpoolProcess;
let hook: { url: string; secret: string };

beforeAll(async () => {
  rockpool = await startRockpool();
  const words = ["channel", "add", "webhook", "--name", "desk", "--access", "open", "--json"];
  const { webhookUrl, generated } = JSON.parse((await rockpool.run(words)).stdout);
  hook = { url: String(webhookUrl), secret: String(generated.secret) };
});
afterAll(async () => {
  await rockpool.discard();
});

async function say(user: string, text: string): Promise<string> {
  const message = { id: crypto.randomUUID(), conversation: `c-${user}`, user, text };
  const response = await postWebhook(hook.url, hook.secret, message, { query: "?wait=1" });
  return String(((await response.json()) as { text?: unknown }).text); // asserted on by the tests
}

async function personIdOf(name: string): Promise<string> {
  const people: { id: string; name: string }[] = JSON.parse(
    (await rockpool.run(["person", "list", "--json"])).stdout,
  );
  return String(people.find((person) => person.name === name)?.id);
}

function messagesOf(personId: string): number {
  return readD1(rockpool.dataDir, "messages").filter((row) => row.person_id === personId).length;
}

describe("an export", () => {
  it("is written as a folder and as an archive, and any change of it is found", async ({
    expect,
  }) => {
    await say("zoe", "/timezone Europe/Berlin");
    const id = await personIdOf("zoe");
    await until(() => messagesOf(id) === 2, "the log");
    const folder = join(rockpool.dataDir, "zoe");
    const made = await rockpool.run(["person", "export", "zoe", "--out", folder]);
    expect(made.stdout).toContain("The export is whole.");
    expect(readFileSync(join(folder, "conversations", "1", "page-1.html"), "utf8")).toContain(
      "/timezone Europe/Berlin",
    );
    const archive = join(rockpool.dataDir, "zoe.tar");
    await rockpool.run(["person", "export", id, "--out", archive]);
    expect((await runRockpool(["person", "verify", archive])).status).toBe(0);
    expect((await runRockpool(["person", "verify", folder])).status).toBe(0);
    writeFileSync(join(folder, "more.txt"), "more");
    appendFileSync(join(folder, "memory.json"), " ");
    const verified = await runRockpool(["person", "verify", folder]);
    expect(verified.status).toBe(1);
    expect(verified.stdout).toContain("memory.json was changed.");
    expect(verified.stdout).toContain("more.txt is no part of it.");
    const bytes = readFileSync(archive);
    writeFileSync(archive, bytes.subarray(0, bytes.length / 2));
    expect((await runRockpool(["person", "verify", archive])).status).not.toBe(0);
    const again = await rockpool.run(["person", "export", id, "--out", folder]);
    expect(again.status).toBe(64);
  });

  it("is made of somebody who was removed, by id, and of nobody who never was", async ({
    expect,
  }) => {
    await say("walt", "/timezone Europe/Rome");
    const id = await personIdOf("walt");
    await until(() => messagesOf(id) === 2, "the log");
    const removed = await rockpool.run(["person", "remove", "walt"]);
    expect(removed.stdout).toContain(`npx rockpool person export ${id}`);
    const folder = join(rockpool.dataDir, "walt");
    const made = await rockpool.run(["person", "export", id, "--out", folder]);
    expect(made.stdout).toContain("The export is whole.");
    const page = readFileSync(join(folder, "conversations", "1", "page-1.html"), "utf8");
    expect(page).toContain("/timezone Europe/Rome");
    const nobody = ["person", "export", crypto.randomUUID(), "--out", `${folder}-2`];
    const unknown = await rockpool.run(nobody);
    expect(unknown.status).not.toBe(0);
    expect(unknown.stderr).toContain("Nobody has this name or id.");
    expect(existsSync(`${folder}-2`)).toBe(false);
  });
});

describe("an erasure", () => {
  it("is begun by the person's own word, and nothing names the person afterwards", async ({
    expect,
  }) => {
    await say("yann", "/whoami");
    const id = await personIdOf("yann");
    await until(() => messagesOf(id) === 2, "the log");
    expect(await say("yann", "/forget everything")).toContain("/forget everything yes");
    expect(await say("yann", "/forget everything yes")).toContain("I begin to erase");
    await until(
      () => !JSON.stringify(readD1(rockpool.dataDir, "identities")).includes("yann"),
      "the erasure",
    );
    expect(await personIdOf("yann")).toBe("undefined");
    await until(() => messagesOf(id) === 0, "the log");
    const audit = await rockpool.run(["audit", "verify"]);
    expect(audit.status).toBe(0);
  });

  it("gives the owner a receipt that verifies offline", async ({ expect }) => {
    await say("xena", "/whoami");
    const id = await personIdOf("xena");
    await until(() => messagesOf(id) === 2, "the log");
    const file = join(rockpool.dataDir, "receipt.json");
    expect((await rockpool.run(["person", "erase", "xena", "--out", file])).status).toBe(64);
    const erased = await rockpool.run(["person", "erase", "xena", "--yes", "--out", file]);
    expect(erased.stdout).toContain("2 messages in 1 conversations");
    expect(existsSync(file)).toBe(true);
    expect((await runRockpool(["person", "verify", file])).status).toBe(0);
    writeFileSync(file, readFileSync(file, "utf8").replace('"messages":2', '"messages":1'));
    expect((await runRockpool(["person", "verify", file])).status).toBe(1);
  });
});

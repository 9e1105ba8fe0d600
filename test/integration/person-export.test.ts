/** The export of a person inside workerd: all that is the person's, and nothing of anybody else. */
import { afterAll, beforeAll, describe, it, vi } from "vitest";
import type { PersonId } from "../../src/core/ids.ts";
import { openDirectory } from "../../src/do/directory-client.ts";
import { exportPerson } from "../../src/do/export-person.ts";
import { createAccount, letIn } from "../support/directory.ts";
import { env } from "../support/integration.ts";
import { ScriptedModel, until } from "../support/scripted-model.ts";
import { Talk } from "../support/talk.ts";

const model = new ScriptedModel();

beforeAll(async () => {
  vi.stubGlobal("fetch", model.fetch);
  await openDirectory(env).addAccount(createAccount(), []);
});
afterAll(() => {
  vi.unstubAllGlobals();
});

async function createPerson(sender: string) {
  const personId = await letIn(openDirectory(env), sender);
  return { personId, role: "member" as const, name: `Name of ${sender}`, lang: "en" as const };
}

async function untilLogged(personId: PersonId, messages: number): Promise<void> {
  const query = "SELECT count(*) AS n FROM messages WHERE person_id = ?";
  await until(async () => (await env.DB.prepare(query).bind(personId).first("n")) === messages);
}

/** The files of an archive, as text. */
async function exportTexts(personId: PersonId): Promise<Map<string, string>> {
  const chunks: Uint8Array[] = [];
  const nobody = { userId: null, ip: null };
  for await (const chunk of await exportPerson(env, personId, nobody)) chunks.push(chunk);
  const bytes = new Uint8Array(await new Blob(chunks).arrayBuffer());
  const files = new Map<string, string>();
  const text = (from: number, to: number) => new TextDecoder().decode(bytes.subarray(from, to));
  for (let at = 0; bytes[at] !== 0; ) {
    const path = text(at, at + 100).replaceAll("\0", "");
    const size = Number.parseInt(text(at + 124, at + 135), 8);
    files.set(path, text(at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}

describe("an export", () => {
  it("holds conversations with their files, memory and keys, and names each file signed", async ({
    expect,
  }) => {
    const ada = await createPerson("ada-export");
    const talk = new Talk();
    const kept = await talk.calls.storeFile({
      personId: ada.personId,
      kind: "file",
      name: "notes <b>.txt",
      mime: "text/plain",
      bytes: new TextEncoder().encode("the file itself"),
    });
    if ("status" in kept) throw new Error("moved");
    await talk.sayAs(ada, "/help");
    await untilLogged(ada.personId, 2);
    await openDirectory(env).remember(ada.personId, "k", "Likes tea.");
    await openDirectory(env).createApiKey({
      name: "export-key",
      scopes: ["chat"],
      person: ada.personId,
    });
    const files = await exportTexts(ada.personId);
    expect([...files.keys()]).toEqual([
      "person.json",
      "memory.json",
      "api-keys.json",
      "turns.json",
      "usage.json",
      "conversations/1/about.json",
      `conversations/1/files/${kept.fileId}.txt`,
      "conversations/1/page-1.json",
      "conversations/1/page-1.html",
      "audit.json",
      "access.json",
      "index.html",
      "manifest.json",
      "manifest.sig.json",
    ]);
    expect(files.get(`conversations/1/files/${kept.fileId}.txt`)).toBe("the file itself");
    expect(files.get("memory.json")).toContain("Likes tea.");
    expect(files.get("api-keys.json")).toContain("export-key");
    expect(files.get("person.json")).toContain("ada-export");
    expect(files.get("conversations/1/page-1.json")).toContain("/help");
    expect(files.get("conversations/1/page-1.html")).toContain("Rockpool");
    expect(files.get("audit.json")).toContain("person.exported");
  });

  it("holds of a group only what the person wrote", async ({ expect }) => {
    const ada = await createPerson("ada-group");
    const bob = await createPerson("bob-group");
    const group = new Talk();
    await group.sayAs(ada, "/timezone Nowhere-Ada");
    await group.sayAs(bob, "/timezone Nowhere-Bob");
    await untilLogged(ada.personId, 2);
    await untilLogged(bob.personId, 2);
    const files = await exportTexts(ada.personId);
    const page = String(files.get("conversations/1/page-1.json"));
    expect(JSON.parse(page)).toHaveLength(1);
    expect(page).toContain("Nowhere-Ada");
    expect([...files.values()].join("")).not.toContain("Nowhere-Bob");
  });

  it("is of nobody who is not known", async ({ expect }) => {
    await expect(
      exportPerson(env, "nobody-at-all", { userId: null, ip: null }),
    ).rejects.toMatchObject({ code: "person/unknown", message: "Nobody has this name or id." });
  });
});

describe("/export", () => {
  it("tells the owner who wants a copy, and how it is made", async ({ expect }) => {
    const ada = await createPerson("ada-asks");
    const talk = new Talk();
    const asked = await talk.sayAs(ada, "/export");
    expect(await talk.replyTo(asked)).toMatchObject({ status: "answered" });
    const owner = await openDirectory(env).ensureOwner();
    const own = new Talk(owner.id);
    await until(async () => (await own.texts()).some((text) => text.includes(ada.personId)));
    expect((await own.texts()).join()).toContain(`npx rockpool person export ${ada.personId}`);
  });
});

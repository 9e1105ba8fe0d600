/** The export of a person inside workerd: all that is the person's, and nothing of anybody else. */
import { afterAll, beforeAll, describe, it, vi } from "vitest";
import type { PersonId } from "../../src/core/ids.ts";
import type { SessionCalls } from "../../src/core/session-protocol.ts";
import { openDirectory } from "../../src/do/directory/directory-client.ts";
import { exportPerson } from "../../src/do/person-data/export-person.ts";
import { createAccount, letIn } from "../support/directory.ts";
import { env, messageRequest } from "../support/integration.ts";
import { ScriptedModel, until } from "../support/scripted-model.ts";
import { Talk } from "../support/talk.ts";
import { tarTexts } from "../support/tar-texts.ts";

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
  return tarTexts(new Uint8Array(await new Blob(chunks).arrayBuffer()));
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

describe("/export where the box has no address", () => {
  it("tells the owner who wants a copy, and how it is made", async ({ expect }) => {
    const ada = await createPerson("ada-asks");
    const request = messageRequest("/export");
    Object.assign(request, { account: "unknown:main", speaker: ada });
    const talk = env.SESSION.getByName(request.session) as unknown as SessionCalls; // as in Talk
    await talk.accept(request);
    expect(await talk.reply(request.account, request.event.key, 10_000)).toEqual({
      status: "answered",
      text: "I have told the owner of this box that you want a copy of everything I have of you. The owner makes it and hands it to you.",
    });
    const owner = await openDirectory(env).ensureOwner();
    const own = new Talk(owner.id);
    await until(async () => (await own.texts()).some((text) => text.includes(ada.personId)));
    expect((await own.texts()).join()).toContain(`npx rockpool person export ${ada.personId}`);
  });
});

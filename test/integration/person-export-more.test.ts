/** What an export has besides messages: dialogues, hand-overs and sign-ins; and what is left out of it. */
import { runInDurableObject } from "cloudflare:test";
import { afterAll, beforeAll, describe, it, vi } from "vitest";
import { openCredentials } from "../../src/do/credentials/credentials-client.ts";
import { forgetDirectory, openDirectory } from "../../src/do/directory/directory-client.ts";
import { FILE_ROWS } from "../../src/do/person-data/export-person.ts";
import { parseDefinition } from "../../src/flows/definition.ts";
import { createAccount } from "../support/directory.ts";
import { env } from "../support/integration.ts";
import { createMember, exportTexts, untilLogged } from "../support/person-export.ts";
import { ScriptedModel, until } from "../support/scripted-model.ts";
import { Talk } from "../support/talk.ts";

const model = new ScriptedModel();
const both = (text: string) => ({ en: text, zh: `中${text}` });
const roof = {
  flow: "roof",
  title: both("Roof"),
  phrases: ["mend my roof"],
  start: "what",
  states: {
    what: { ask: both("What is it?"), label: both("It"), accept: { type: "text" }, next: "urgent" },
    urgent: { ask: both("Is it urgent?"), accept: { type: "yesno" }, next: "end" },
    end: { end: "person", say: both("Somebody answers.") },
  },
};

beforeAll(async () => {
  vi.stubGlobal("fetch", model.fetch);
  await openDirectory(env).addAccount(createAccount(), []);
});
afterAll(() => {
  vi.unstubAllGlobals();
});

describe("an export", () => {
  it("holds a half-filled dialogue, and later that a person answers, also in a group, as data and as a page", async ({
    expect,
  }) => {
    await openDirectory(env).ensureOwner();
    await openDirectory(env).putFlow(parseDefinition(roof));
    forgetDirectory();
    const ada = await createMember("ada-dialogue");
    const bob = await createMember("bob-dialogue");
    const group = new Talk();
    const say = async (who: typeof ada, text: string) =>
      group.replyTo(await group.sayAs(who, text));
    for (const who of [ada, bob]) await say(who, "mend my roof");
    await say(ada, "It *leaks* <here>.");
    await say(bob, "Bob's is gone.");
    await untilLogged(ada.personId, 4);
    const half = await exportTexts(ada.personId);
    expect(JSON.parse(String(half.get("conversations/1/about.json")))).toMatchObject({
      isShared: true,
      dialogues: [
        {
          flow: "roof",
          title: "Roof",
          asks: "Is it urgent?",
          answers: [{ question: "What is it?", answer: "It *leaks* <here>." }],
        },
      ],
      handovers: [],
    });
    const page = String(half.get("conversations/1/about.html"));
    expect(page).toContain("It *leaks* &lt;here&gt;.");
    expect(page).toContain("Is it urgent?");
    expect([...half.values()].join("")).not.toContain("Bob's is gone.");

    await say(ada, "yes");
    const isListed = "SELECT 1 FROM handovers WHERE number IS NOT NULL";
    await until(async () => (await group.sql(isListed)).length === 1);
    const over = await exportTexts(ada.personId);
    const about = JSON.parse(String(over.get("conversations/1/about.json")));
    const [listed] = JSON.parse(String(over.get("hand-overs.json")));
    expect(listed).toMatchObject({ flow: "roof", isAnswered: false, isOver: false });
    expect(about).toMatchObject({
      dialogues: [],
      handovers: [
        {
          flow: "roof",
          number: listed.number,
          isAnswered: false,
          told: expect.stringContaining("- It: It \\*leaks\\*"),
        },
      ],
    });
    expect(over.get("conversations/1/about.html")).toContain("leaks");
    expect(over.get("hand-overs.html")).toContain("<td>roof</td>");

    const erasure = env.ERASURE.getByName(ada.personId);
    await erasure.start({ personId: ada.personId, by: { userId: null, ip: null } });
    await until(async () => (await erasure.state()).status === "done");
    expect(await group.sql("SELECT person_id FROM dialogues")).toEqual([
      { person_id: bob.personId },
    ]);
    expect(await group.sql("SELECT 1 FROM handovers")).toEqual([]);
    expect(await openDirectory(env).handoversOf([ada.personId])).toEqual([]);
  });

  it("holds by what the person signs in, and nothing secret of it", async ({ expect }) => {
    const ada = await createMember("ada-signs-in");
    const credentials = openCredentials(env);
    const password = "a long enough password of Ada's";
    await credentials.setPassword(ada.personId, { name: "ada-signs-in", password });
    const deviceName = "Browser <of> Ada";
    const { issued } = await credentials.begin({ ...ada, method: "password", deviceName });
    const files = await exportTexts(ada.personId);
    expect(JSON.parse(String(files.get("sign-ins.json")))).toEqual({
      name: "ada-signs-in",
      passkeys: [],
      devices: [
        {
          id: expect.any(String),
          name: deviceName,
          method: "password",
          signedInAtMs: expect.any(Number),
          lastSeenAtMs: expect.any(Number),
        },
      ],
    });
    expect(files.get("sign-ins.html")).toContain("Browser &lt;of&gt; Ada");
    const texts = [...files.values()].join("");
    for (const secret of [password, ...Object.values(issued)]) expect(texts).not.toContain(secret);
  });

  it("has every turn, in several files where there are many", async ({ expect }) => {
    const ada = await createMember("ada-busy");
    await env.DB.prepare(
      `WITH RECURSIVE turn (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM turn WHERE n < ?1)
       INSERT INTO turns (id, session_id, person_id, channel, outcome, started_at_ms, ended_at_ms)
       SELECT printf('busy-%06d', n), 'web:main:busy', ?2, 'web', 'answered', n, n FROM turn`,
    )
      .bind(FILE_ROWS + 1, ada.personId)
      .run();
    const files = await exportTexts(ada.personId);
    const namesIn = (path: string) =>
      (JSON.parse(String(files.get(path))) as { id: string }[]).map(({ id }) => id);
    expect(namesIn("turns.json")).toHaveLength(FILE_ROWS);
    expect(namesIn("turns.json")[0]).toBe("busy-000001");
    expect(namesIn("turns-2.json")).toEqual([`busy-00${FILE_ROWS + 1}`]);
    expect(files.get("turns-2.html")).toContain(`busy-00${FILE_ROWS + 1}`);
    expect(files.has("turns-3.json")).toBe(false);
  });

  it("is made where rows were changed or damaged on disk, and names what is left out", async ({
    expect,
  }) => {
    const ada = await createMember("ada-damaged");
    const talk = new Talk();
    const keep = (name: string) =>
      talk.calls.storeFile({
        personId: ada.personId,
        kind: "file",
        name,
        mime: "text/plain",
        bytes: new TextEncoder().encode(`bytes of ${name}`),
      });
    const [changed, cut, whole] = [await keep("changed"), await keep("cut"), await keep("whole")];
    if ("status" in changed || "status" in cut || "status" in whole) throw new Error("moved");
    await talk.sayAs(ada, "/timezone Nowhere-Changed");
    await talk.sayAs(ada, "/timezone Nowhere-Whole");
    await untilLogged(ada.personId, 4);
    await openDirectory(env).remember(ada.personId, "damaged", "Likes tea.");
    await talk.sql("UPDATE messages SET body = zeroblob(length(body)) WHERE seq = 1");
    await talk.sql(
      `UPDATE file_chunks SET body = zeroblob(60) WHERE file_id = '${changed.fileId}'`,
    );
    await talk.sql(`DELETE FROM file_chunks WHERE file_id = '${cut.fileId}'`);
    const directory = env.DIRECTORY.getByName("directory");
    await runInDurableObject(directory, (_object, { storage }) => {
      const damage = "UPDATE facts SET body = zeroblob(60) WHERE person_id = ?";
      storage.sql.exec(damage, ada.personId);
    });
    await talk.kill();
    const files = await exportTexts(ada.personId);
    expect(String(files.get("index.html")).match(/(?<=Left out of )[^:]+: \d/g)).toEqual([
      "memory: 1",
      `conversations/1/files/${changed.fileId}: 1`,
      `conversations/1/files/${cut.fileId}: 1`,
      "conversations/1/page-1: 1",
    ]);
    expect(files.get(`conversations/1/files/${whole.fileId}`)).toBe("bytes of whole");
    const page = String(files.get("conversations/1/page-1.json"));
    expect(page).toContain("/timezone Nowhere-Whole");
    expect(page).not.toContain("/timezone Nowhere-Changed");
    expect([...files.keys()].at(-1)).toBe("manifest.sig.json");
  });
});

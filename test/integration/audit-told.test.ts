/** What people and the owner do, as the audit log tells of it: once, before it takes effect, and never in a flood. */
import { createExecutionContext } from "cloudflare:test";
import { afterAll, beforeAll, describe, it, vi } from "vitest";
import { adminApp } from "../../src/app.ts";
import type { AuditEntry } from "../../src/core/audit-record.ts";
import type { PersonId } from "../../src/core/ids.ts";
import { openAudit } from "../../src/do/audit/audit-client.ts";
import { forgetDirectory, openDirectory } from "../../src/do/directory/directory-client.ts";
import { RATES } from "../../src/limits/rates.ts";
import { CookieBrowser } from "../support/cookie-browser.ts";
import { env } from "../support/integration.ts";
import { ScriptedModel } from "../support/scripted-model.ts";
import { Talk } from "../support/talk.ts";

const model = new ScriptedModel();

beforeAll(() => {
  vi.stubGlobal("fetch", model.fetch);
});
afterAll(() => {
  vi.unstubAllGlobals();
});

/** The newest entries whose action begins so, the oldest of them first. */
async function entriesOf(action: string): Promise<AuditEntry[]> {
  const entries = await openAudit(env).entriesBefore(Number.MAX_SAFE_INTEGER, 100, action);
  return entries.toReversed();
}

describe("a model that somebody chooses for a conversation", () => {
  async function choose(talk: Talk, personId: PersonId, name: string): Promise<string | undefined> {
    const asked = await talk.sayAs({ personId }, `/model ${name}`);
    const reply = await talk.replyTo(asked);
    return reply.status === "answered" ? reply.text : undefined;
  }

  async function chosenBy(personId: PersonId) {
    const entries = await entriesOf("model.chosen");
    return entries.filter(({ user_id }) => user_id === personId).map(({ metadata }) => metadata);
  }

  it("is an entry where it is another one, and none where it is not", async ({ expect }) => {
    const talk = new Talk();
    const personId = crypto.randomUUID() as PersonId;
    for (const name of ["test:1b", "test:1b", "auto"])
      expect(await choose(talk, personId, name)).toMatch(/^From now on/);
    expect(await choose(talk, personId, "none:1b")).toMatch(/is not installed/);
    expect(await chosenBy(personId)).toEqual([
      { for: "chat", model: "test:1b" },
      { for: "chat", model: "auto" },
    ]);
  });

  it("is refused where it is chosen again and again, and stays as it was", async ({ expect }) => {
    const talk = new Talk();
    const personId = crypto.randomUUID() as PersonId;
    const { burst } = RATES.model_person;
    for (let index = 0; index < burst; index += 1)
      await choose(talk, personId, index % 2 === 0 ? "test:1b" : "auto");
    expect(await choose(talk, personId, "test:1b")).toBe(
      "Too many models were chosen. Wait five minutes, then try again.",
    );
    expect(await chosenBy(personId)).toHaveLength(burst);
    expect(await talk.sql("SELECT value FROM meta WHERE name = 'model'")).toMatchObject([
      { value: expect.stringContaining("auto") },
    ]);
  });
});

describe("refused sign-ins", () => {
  it("are few entries, and those that were counted stand before who came in", async ({
    expect,
  }) => {
    const before = (await entriesOf("signin.")).at(-1)?.seq ?? 0;
    const stranger = new CookieBrowser();
    for (let index = 0; index < 12; index += 1)
      expect((await stranger.post("/api/sign-in", { token: `guessed-${index}` })).status).toBe(401);
    const { token } = await openDirectory(env).createOwnerLink();
    expect((await new CookieBrowser().post("/api/sign-in", { token })).status).toBe(204);
    const told = (await entriesOf("signin.")).filter(({ seq }) => seq > before);
    expect(told.map(({ action_type, metadata }) => [action_type, metadata.count])).toEqual([
      ["signin.refused", 1],
      ["signin.refused", 11],
      ["signin.accepted", undefined],
    ]);
    expect(JSON.stringify(told)).not.toContain("guessed");
  });
});

describe("what is done through the admin socket", () => {
  it("is done by the owner, who is named where there is one", async ({ expect }) => {
    const owner = await openDirectory(env).ensureOwner();
    const make = () =>
      adminApp.request(
        "http://admin/owner-link",
        { method: "POST" },
        env,
        createExecutionContext(),
      );
    expect((await make()).status).toBe(200);
    expect((await entriesOf("ownerlink.made")).at(-1)?.user_id).toBe(owner.id);
    const { id } = await openDirectory(env).redeemOwnerToken(
      (await openDirectory(env).createOwnerLink()).token,
    );
    expect(id).toBe(owner.id);
    forgetDirectory();
  });
});

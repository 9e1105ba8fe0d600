/** A person's copy of the own data, by a link of /export and from the settings: once, in time, and of nobody else. */
import { createExecutionContext, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeAll, beforeEach, describe, it, vi } from "vitest";
import { publicApp } from "../../src/app.ts";
import type { PersonId } from "../../src/core/ids.ts";
import { EXPORT_LINK_MS, parseExportToken } from "../../src/core/own-export.ts";
import type { SessionCalls, Speaker } from "../../src/core/session-protocol.ts";
import { openAudit } from "../../src/do/audit/audit-client.ts";
import { openCredentials } from "../../src/do/credentials/credentials-client.ts";
import {
  EXPORT_TICKET_MS,
  ExportLinks,
  MAX_EXPORT_LINKS,
  MAX_EXPORTS_A_DAY,
} from "../../src/do/credentials/export-links.ts";
import { forgetDirectory, openDirectory } from "../../src/do/directory/directory-client.ts";
import { openOptions } from "../../src/do/isolate.ts";
import { exchangeExportLink, openOwnExport } from "../../src/do/person-data/own-export.ts";
import { MAX_EXPORTS_AT_ONCE } from "../../src/limits/running-exports.ts";
import { FRESH_MS } from "../../src/routes/fresh-sign-in.ts";
import { hashToken } from "../../src/security/codes.ts";
import { BOX_URL, CookieBrowser } from "../support/cookie-browser.ts";
import { createAccount, letIn } from "../support/directory.ts";
import { env, messageRequest } from "../support/integration.ts";
import { tarTexts } from "../support/tar-texts.ts";

const DAY_MS = 24 * 3_600_000;
const BAD_LINK = {
  code: "export/bad_link",
  detail: "This link was used already, or has expired.",
};

beforeAll(async () => {
  openOptions({ ...env, ROCKPOOL_PUBLIC_URL: BOX_URL });
  await openDirectory(env).addAccount(createAccount(), []);
});
// In the past: an alarm of a time to come would wait for it.
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() - 2 * DAY_MS }));
afterEach(() => void vi.useRealTimers());

type Person = Pick<Speaker, "personId" | "role" | "name" | "lang">;

async function createPerson(): Promise<Person> {
  const sender = crypto.randomUUID();
  const personId = await letIn(openDirectory(env), sender);
  return { personId, role: "member", name: sender, lang: "en" };
}

/** What the person is answered on a messenger. */
async function say(speaker: Person, isGroup = false): Promise<string> {
  const request = messageRequest("/export");
  Object.assign(request, { account: "unknown:main", speaker });
  if (isGroup && request.event.kind !== "stop") request.event.message.conversation.kind = "group";
  const session = env.SESSION.getByName(request.session) as unknown as SessionCalls; // as in Talk
  await session.accept(request);
  const reply = await session.reply(request.account, request.event.key, 10_000);
  return reply.status === "answered" ? reply.text : reply.status;
}

/** The token in the fragment of the link that was said. */
async function askLink(speaker: Person): Promise<string> {
  const said = await say(speaker);
  const [link = ""] = /https:\S+/.exec(said) ?? [];
  const token = parseExportToken(new URL(link).hash);
  if (token === undefined) throw new Error(said);
  return token;
}

function click(token: string): Promise<Response> {
  return new CookieBrowser().post("/api/export", { token });
}

async function ticketOf(response: Response): Promise<string> {
  const { ticket } = (await response.json()) as { ticket?: string }; // asserted by its use
  return String(ticket);
}

function download(ticket: string): Promise<Response> {
  const body = new URLSearchParams({ ticket });
  return new CookieBrowser().call("/api/export/archive", { method: "POST", body });
}

async function personIn(response: Response): Promise<unknown> {
  const files = tarTexts(new Uint8Array(await response.arrayBuffer()));
  if (!files.has("manifest.sig.json")) throw new Error(`signed nothing of ${[...files.keys()]}`);
  return JSON.parse(files.get("person.json") ?? "{}").id;
}

function links<Result>(work: (links: ExportLinks, sql: SqlStorage) => Result): Promise<Result> {
  return runInDurableObject(openCredentials(env), (_object, { storage }) =>
    work(new ExportLinks(storage.sql), storage.sql),
  );
}

describe("a link of /export", () => {
  it("leads to the person's own signed archive, once", async ({ expect }) => {
    const ada = await createPerson();
    const token = await askLink(ada);
    const clicked = await click(token);
    expect(clicked.headers.get("cache-control")).toBe("no-store");
    const ticket = await ticketOf(clicked);
    const archive = await download(ticket);
    expect([archive.status, archive.headers.get("content-disposition")]).toEqual([
      200,
      'attachment; filename="rockpool-export.tar"',
    ]);
    expect(archive.headers.get("cache-control")).toBe("no-store");
    expect(await personIn(archive)).toBe(ada.personId);
    for (const again of [await click(token), await download(ticket)]) {
      expect(again.status).toBe(410);
      expect(await again.json()).toMatchObject(BAD_LINK);
    }
  });

  it("is not used up by whoever only opens it, or calls from another page", async ({ expect }) => {
    const ada = await createPerson();
    const token = await askLink(ada);
    const stranger = new CookieBrowser();
    await (await stranger.call("/export")).arrayBuffer();
    for (const path of ["/api/export", "/api/export/archive"])
      for (const query of ["", `?token=${token}`, `?ticket=${token}`])
        expect((await stranger.call(path + query)).status, path).toBe(404);
    const headers = { origin: "https://elsewhere.example", "content-type": "application/json" };
    const body = JSON.stringify({ token });
    const forged = await publicApp.request(
      `${BOX_URL}/api/export`,
      { method: "POST", headers, body },
      env,
      createExecutionContext(),
    );
    expect(forged.status).toBe(403);
    expect((await download(token)).status).toBe(410);
    expect(await personIn(await download(await ticketOf(await click(token))))).toBe(ada.personId);
  });

  it("and its ticket are kept as hashes, and stand in no log", async ({ expect }) => {
    const ada = await createPerson();
    const token = await askLink(ada);
    const kept = () =>
      links((_links, sql) => JSON.stringify(sql.exec("SELECT * FROM export_links").toArray()));
    expect(await kept()).toContain(await hashToken(token));
    expect(await kept()).not.toContain(token);
    const ticket = await ticketOf(await click(token));
    expect(await kept()).toContain(await hashToken(ticket));
    expect(await kept()).not.toContain(ticket);
    await (await download(ticket)).arrayBuffer();
    const entries = await openAudit(env).entriesBefore(Number.MAX_SAFE_INTEGER, 50, "");
    const own = entries.filter(({ user_id }) => user_id === ada.personId);
    expect(own.map(({ action_type }) => action_type)).toEqual([
      "person.exported",
      "exportlink.made",
    ]);
    expect(JSON.stringify(entries)).not.toContain(token);
    expect(JSON.stringify(entries)).not.toContain(ticket);
  });

  it("ends after a quarter of an hour, its ticket after a minute, and with a newer one", async ({
    expect,
  }) => {
    const ada = await createPerson();
    const late = await askLink(ada);
    vi.setSystemTime(Date.now() + EXPORT_LINK_MS);
    expect((await click(late)).status).toBe(410);
    const early = await askLink(ada);
    vi.setSystemTime(Date.now() - 1_000);
    expect((await click(early)).status).toBe(410); // the clock was set back
    vi.setSystemTime(Date.now() + 1_000);
    const older = await askLink(ada);
    const newer = await askLink(ada);
    expect((await click(older)).status).toBe(410);
    const ticket = await ticketOf(await click(newer));
    vi.setSystemTime(Date.now() + EXPORT_TICKET_MS);
    expect((await download(ticket)).status).toBe(410);
  });

  it("is given a few times a day, however often a command runs", async ({ expect }) => {
    const ada = await createPerson();
    const { personId } = ada;
    const repeat = { personId, kind: "link", askedBy: "one command" } as const;
    for (let runs = 0; runs < 20; runs += 1)
      expect(await openCredentials(env).askExport(repeat)).toBeDefined();
    for (let asked = 1; asked < MAX_EXPORTS_A_DAY; asked += 1) await askLink(ada);
    expect(await say(ada)).toBe("You have asked for several copies in a day. Ask again tomorrow.");
    vi.setSystemTime(Date.now() + DAY_MS);
    await askLink(ada);
  });

  it("is one of a bounded number", async ({ expect }) => {
    const kept = await links((all, sql) => {
      for (let index = 0; index <= MAX_EXPORT_LINKS; index += 1) {
        const asked = {
          personId: `p${index}` as PersonId,
          hash: `h${index}`,
          askedBy: `a${index}`,
        };
        all.ask({ ...asked, kind: "link" }, Date.now() + index);
      }
      return sql.exec("SELECT hash FROM export_links").toArray().length;
    });
    expect(kept).toBe(MAX_EXPORT_LINKS);
    await links((_all, sql) => sql.exec("DELETE FROM export_links").toArray());
  });

  it("ends with the person, and follows one who turns out to be another", async ({ expect }) => {
    const [ada, bob] = [await createPerson(), await createPerson()];
    const gone = await askLink(ada);
    await openCredentials(env).forget(ada.personId);
    expect((await click(gone)).status).toBe(410);
    const followed = await askLink(ada);
    await openCredentials(env).follow(ada.personId, bob.personId);
    const ticket = await ticketOf(await click(followed));
    expect(await personIn(await download(ticket))).toBe(bob.personId);
  });

  it("is not given in a group", async ({ expect }) => {
    expect(await say(await createPerson(), true)).toBe(
      "For a copy of everything that I have of you, write to me directly: others read along here.",
    );
  });

  it("is refused as what is no token, as often as an address may try", async ({ expect }) => {
    for (const body of [
      {},
      { token: 1 },
      { token: "" },
      { token: "x".repeat(129) },
      { ticket: "x" },
    ])
      expect((await new CookieBrowser().post("/api/export", body)).status).toBe(400);
    for (const ticket of ["", "x".repeat(129)]) expect((await download(ticket)).status).toBe(400);
    expect(await (await download("guessed")).json()).toMatchObject(BAD_LINK);
  });
});

describe("a download", () => {
  it("is one at a time for a person, and few for all", async ({ expect }) => {
    const people: Person[] = [];
    while (people.length < MAX_EXPORTS_AT_ONCE) people.push(await createPerson());
    const last = await createPerson();
    const token = await askLink(last);
    const open: AsyncGenerator<Uint8Array>[] = [];
    for (const each of people) {
      const ticket = await exchangeExportLink(env, await askLink(each));
      open.push(await openOwnExport(env, ticket, null));
      await open.at(-1)?.next();
      expect(await say(each)).toBe(
        "Your last copy is still being downloaded. Ask again when that is over.",
      );
    }
    const refused = await click(token);
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({
      code: "export/busy",
      detail: "A copy is being made at this moment.",
    });
    await open[0]?.return(undefined);
    expect(await personIn(await download(await ticketOf(await click(token))))).toBe(last.personId);
    for (const each of open) await each.return(undefined);
  });
});

describe("the settings of the page", () => {
  async function signIn(personId: PersonId): Promise<CookieBrowser> {
    forgetDirectory();
    const { token } = await openDirectory(env).createOwnerLink(undefined, personId);
    const browser = new CookieBrowser();
    await browser.post("/api/sign-in", { token });
    return browser;
  }

  it("begin a download of who is signed in, soon after signing in", async ({ expect }) => {
    const { personId } = await createPerson();
    const browser = await signIn(personId);
    const ticket = await ticketOf(await browser.post("/api/me/export"));
    expect(await personIn(await download(ticket))).toBe(personId);
    vi.setSystemTime(Date.now() + FRESH_MS + 1);
    await browser.post("/api/session/renew");
    const stale = await browser.post("/api/me/export");
    expect(await stale.json()).toMatchObject({ code: "sign_in/stale" });
    expect((await new CookieBrowser().post("/api/me/export")).status).toBe(401);
  });

  it("count with the links of /export", async ({ expect }) => {
    const ada = await createPerson();
    const browser = await signIn(ada.personId);
    await askLink(ada);
    for (let asked = 1; asked < MAX_EXPORTS_A_DAY; asked += 1)
      expect((await browser.post("/api/me/export")).status).toBe(200);
    const refused = await browser.post("/api/me/export");
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({
      code: "export/too_many",
      detail: "You have asked for several copies in a day.",
    });
  });
});

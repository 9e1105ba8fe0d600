/** Administration over the network by people who are signed in: what the role allows, and from a page of that very address. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import type { Role } from "../../src/core/roles.ts";
import { BoxBrowser } from "../support/box-browser.ts";
import { type RockpoolProcess, startRockpool } from "../support/rockpool-process.ts";
import { postWebhook } from "../support/signed-webhook.ts";

let box: RockpoolProcess;
let hook: { url: string; secret: string };
/** Of the listener, without a slash at its end. */
let adminUrl: string;

beforeAll(async () => {
  box = await startRockpool({ env: { ROCKPOOL_ADMIN_LISTEN: "0" } });
  const config = readFileSync(join(box.dataDir, "run", "workerd.capnp"), "utf8");
  const port = /name = "administration", address = "127.0.0.1:(\d+)"/.exec(config)?.[1];
  adminUrl = `${box.url.replace(/:\d+$/, "")}:${port}`;
  const words = ["channel", "add", "webhook", "--name", "desk", "--access", "open", "--json"];
  const { webhookUrl, generated } = JSON.parse((await box.run(words)).stdout);
  hook = { url: String(webhookUrl), secret: String(generated.secret) };
});
afterAll(() => box.discard());

async function signIn(token: string | undefined): Promise<BoxBrowser> {
  const browser = new BoxBrowser(box.url);
  const { status } = await browser.post("/api/sign-in", { token });
  if (status !== 204) throw new Error(`the link answered ${status}`);
  return browser;
}

/** Somebody who wrote to the box, was given this role, and signed in by a link of his own. */
async function signInAs(name: string, role: Role): Promise<BoxBrowser> {
  const message = { id: crypto.randomUUID(), conversation: name, user: name, text: "/whoami" };
  await postWebhook(hook.url, hook.secret, message, { query: "?wait=1" });
  await box.run(["person", "role", name, role]);
  const { stdout } = await box.run(["sign-in", "link", name, "--json"]);
  return signIn(/#owner=([\w-]+)/.exec(stdout)?.[1]);
}

interface Call {
  method?: string;
  path?: string;
  /** Default: the listener's own. Null: none. */
  origin?: string | null;
  body?: unknown;
}

/** Status, and the code of a refusal. */
async function ask(browser: BoxBrowser | undefined, call: Call = {}): Promise<(number | string)[]> {
  const { method = "GET", path = "/status", origin = adminUrl, body } = call;
  const response = await fetch(adminUrl + path, {
    method,
    headers: {
      ...(origin === null ? {} : { origin }),
      ...(browser ? { cookie: browser.cookie } : {}),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const { status } = response;
  const answer = response.headers.get("content-type")?.includes("json")
    ? ((await response.json()) as { code?: string }) // a problem has its code
    : {};
  return answer.code === undefined ? [status] : [status, answer.code];
}

describe("the listener for administration", () => {
  it("lets a signed-in owner and admin do what the table allows, and a member nothing", async ({
    expect,
  }) => {
    const owner = await signIn(box.ownerLink.split("#owner=")[1]);
    const admin = await signInAs("amy", "admin");
    const member = await signInAs("mo", "member");
    expect(await ask(owner)).toEqual([200]);
    expect(await ask(admin)).toEqual([200]);
    expect(await ask(member)).toEqual([403, "permission/denied"]);
    const rename = (role: Role): Call => ({
      method: "POST",
      path: "/people/mo",
      body: { what: "role", role },
    });
    expect(await ask(member, rename("admin"))).toEqual([403, "permission/denied"]);
    expect(await ask(admin, rename("auditor"))).toEqual([200]);
    expect(await ask(admin, rename("owner"))).toEqual([403, "permission/denied"]);
    const link: Call = { method: "POST", path: "/owner-link" };
    expect(await ask(admin, link)).toEqual([403, "permission/denied"]);
    expect(await ask(owner, link)).toEqual([200]);
    // The role of now counts, not that of the time of signing in.
    expect(await ask(member)).toEqual([200]);
    await box.run(["person", "role", "mo", "member"]);
    expect(await ask(member)).toEqual([403, "permission/denied"]);
  });

  it("answers nobody who is not signed in, or whose session has ended", async ({ expect }) => {
    expect(await ask(undefined)).toEqual([401, "http/unauthorized"]);
    expect(await ask(undefined, { path: "/owner-link", method: "POST" })).toEqual([
      401,
      "http/unauthorized",
    ]);
    const admin = await signInAs("una", "admin");
    expect(await ask(admin)).toEqual([200]);
    expect(await box.run(["sign-in", "end", "una"])).toMatchObject({ status: 0 });
    expect(await ask(admin)).toEqual([401, "http/unauthorized"]);
  });

  it("takes no call that changes something from a page of anywhere else", async ({ expect }) => {
    const { stdout } = await box.run(["owner-link", "--json"]);
    const owner = await signIn(/#owner=([\w-]+)/.exec(stdout)?.[1]);
    const refused = [403, "http/forbidden"];
    for (const origin of ["https://evil.example", "null", null, box.url])
      expect(
        await ask(owner, { method: "POST", path: "/keys/rotate", origin }),
        String(origin),
      ).toEqual(refused);
    expect(await ask(owner, { method: "POST", path: "/keys/rotate" })).toEqual([200]);
  });

  it("names in the audit log who did it", async ({ expect }) => {
    const { stdout } = await box.run(["audit", "list", "--json"]);
    const entries: { action_type: string; user_id: string | null }[] = JSON.parse(stdout);
    const people: { id: string; name: string }[] = JSON.parse(
      (await box.run(["person", "list", "--json"])).stdout,
    );
    const amy = people.find(({ name }) => name === "amy")?.id;
    expect(entries.filter(({ user_id }) => user_id === amy).map((e) => e.action_type)).toEqual(
      expect.arrayContaining(["role.changed", "permission.denied"]),
    );
  });
});

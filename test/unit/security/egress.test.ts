import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, it } from "vitest";
import { createEgressFetch, type EgressSources, readGrants } from "../../../src/security/egress.ts";

/** Answers every path with its own name; /to?… redirects there. */
let server: Server;
let origin: string;
const asked: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const target = new URL(request.url ?? "", "http://x").searchParams.get("to");
    if (target !== null) response.writeHead(302, { location: target });
    if (request.url === "/304") response.writeHead(304);
    response.end(request.url);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // a TCP server's address
});
afterAll(() => {
  server.close();
});

const nowhere: EgressSources = { internet: undefined, granted: new Map() };

/** A service that answers with its name and the address it was asked for. */
function service(name: string) {
  return { fetch: async (request: Request) => new Response(`${name} ${request.url}`) };
}

describe("a fetch that reaches allowed origins only", () => {
  it("fetches from them", async ({ expect }) => {
    const fetch = createEgressFetch(nowhere, [origin]);
    const response = await fetch(`${origin}/a?b=c`, { method: "POST", body: "x" });
    expect(await response.text()).toBe("/a?b=c");
    expect(asked.at(-1)).toBe("POST /a?b=c");
    expect((await fetch(new Request(`${origin}/304`))).status).toBe(304);
    expect(await (await fetch(new URL(`${origin}/url`))).text()).toBe("/url");
  });

  it.for([
    "https://example.com/",
    "https://api.telegram.org.evil.example/",
    "http://api.telegram.org/",
    "https://api.telegram.org:8443/",
    "https://evil.example/https://api.telegram.org/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::1]:11434/api/tags",
    "http://localhost:8787/",
    "http://2130706433/",
    "file:///etc/passwd",
    "data:text/plain,hello",
  ])("refuses %s", async (address, { expect }) => {
    const fetch = createEgressFetch(nowhere, ["https://api.telegram.org"]);
    await expect(fetch(address)).rejects.toMatchObject({
      code: "egress/not_allowed",
      message: `The host ${new URL(address).host} is not allowed.`,
    });
  });

  it("refuses everything where nothing is allowed", async ({ expect }) => {
    const before = asked.length;
    await expect(createEgressFetch(nowhere, [])(origin)).rejects.toMatchObject({
      code: "egress/not_allowed",
    });
    expect(asked).toHaveLength(before);
  });

  it("refuses what is allowed and not listed, where listed ones are all", async ({ expect }) => {
    const listed = new Map([["https://a.example", service("a")]]);
    const sources = { internet: service("internet"), granted: listed, isListedOnly: true };
    const fetch = createEgressFetch(sources, ["https://a.example", "https://b.example"]);
    expect(await (await fetch("https://a.example/x")).text()).toBe("a https://a.example/x");
    await expect(fetch("https://b.example/x")).rejects.toMatchObject({
      code: "egress/not_allowed",
      message: "The host b.example is not in the list of what may be reached.",
    });
  });

  it("refuses credentials in an address, and does not repeat them", async ({ expect }) => {
    const fetch = createEgressFetch(nowhere, [origin]);
    const error = await fetch(origin.replace("//", "//user:hunter2@")).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: "egress/not_allowed" });
    expect(JSON.stringify([error.message, String(error.cause)])).not.toContain("hunter2");
  });

  it("follows no redirect, not even to the same origin", async ({ expect }) => {
    const fetch = createEgressFetch(nowhere, [origin]);
    for (const target of ["http://169.254.169.254/", "/elsewhere"]) {
      const before = asked.length;
      const url = `${origin}/?to=${encodeURIComponent(target)}`;
      await expect(fetch(url, { redirect: "follow" })).rejects.toMatchObject({
        code: "egress/not_allowed",
        message: `The host ${new URL(origin).host} answered with a redirect.`,
      });
      expect(asked).toHaveLength(before + 1);
    }
  });

  it("goes through the service that its origin was granted, and through the internet's otherwise", async ({
    expect,
  }) => {
    const granted = new Map([["http://10.0.0.5:8081", service("grant")]]);
    const fetch = createEgressFetch({ internet: service("internet"), granted }, [
      "http://10.0.0.5:8081",
      "https://api.telegram.org",
    ]);
    expect(await (await fetch("http://10.0.0.5:8081/bot")).text()).toBe(
      "grant http://10.0.0.5:8081/bot",
    );
    expect(await (await fetch("https://api.telegram.org/bot")).text()).toBe(
      "internet https://api.telegram.org/bot",
    );
    await expect(fetch("http://10.0.0.5:8082/bot")).rejects.toMatchObject({
      code: "egress/not_allowed",
    });
  });
});

describe("readGrants", () => {
  it("finds the services that the host names, and no others", ({ expect }) => {
    const bindings: Record<string, unknown> = { EGRESS_1: service("one"), TEXT: "text" };
    const json = JSON.stringify({
      "http://a:1": "EGRESS_1",
      "http://b:2": "TEXT",
      "http://c": "NO",
    });
    const grants = readGrants(json, (name) => bindings[name]);
    expect([...grants.keys()]).toEqual(["http://a:1"]);
    expect(readGrants(undefined, () => undefined).size).toBe(0);
  });
});

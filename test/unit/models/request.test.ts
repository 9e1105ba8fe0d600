import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import * as v from "valibot";
import { afterEach, describe, it } from "vitest";
import { ProcessCache } from "../../../src/cache/process-cache.ts";
import { MAX_MODELS } from "../../../src/models/fields.ts";
import { OllamaLookups } from "../../../src/models/ollama/lookups.ts";
import { MAX_JSON_BYTES, requestJson } from "../../../src/models/request.ts";

let server: Server;
const { signal } = new AbortController();

async function serve(listener: RequestListener): Promise<{ fetch: typeof fetch; baseUrl: string }> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // a TCP server that listens
  return { fetch, baseUrl: `http://127.0.0.1:${port}` };
}

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const call = { path: "/api/version" } as const;

describe("requestJson", () => {
  it("takes the largest answer and lets go of one that is a byte larger", async ({ expect }) => {
    let sizeBytes = MAX_JSON_BYTES;
    const target = await serve((_request, response) => {
      response.end(`"${"a".repeat(sizeBytes - 2)}"`);
    });
    const text = await requestJson(target, call, v.string(), signal);
    expect(text).toHaveLength(MAX_JSON_BYTES - 2);
    sizeBytes += 1;
    await expect(requestJson(target, call, v.string(), signal)).rejects.toMatchObject({
      code: "model/broken_stream",
      message: `The model server's answer has more than ${MAX_JSON_BYTES} bytes.`,
    });
  });

  it("refuses what is not JSON, and JSON of another form", async ({ expect }) => {
    for (const body of ["<html>", "", "7"]) {
      const target = await serve((_request, response) => response.end(body));
      await expect(requestJson(target, call, v.string(), signal)).rejects.toMatchObject({
        code: "model/broken_stream",
        message: "The model server's answer to /api/version is not JSON of its form.",
      });
      server.close();
    }
  });

  it("follows no redirect", async ({ expect }) => {
    let requests = 0;
    const target = await serve((_request, response) => {
      requests += 1;
      response.writeHead(307, { location: "/elsewhere" }).end();
    });
    await expect(requestJson(target, call, v.string(), signal)).rejects.toMatchObject({
      code: "model/rejected",
      message: "The model server refused the request (status 307).",
    });
    expect(requests).toBe(1);
  });

  it("keeps to the status where the error itself is cut off or endless", async ({ expect }) => {
    const cut = await serve((_request, response) => {
      response.writeHead(503, { "content-length": 1_000, "retry-after": "3" });
      response.write("{");
      setImmediate(() => response.destroy());
    });
    await expect(requestJson(cut, call, v.string(), signal)).rejects.toMatchObject({
      code: "model/busy",
      message: "The model server is busy (status 503).",
      retryAfterMs: 3_000,
    });
    server.close();
    const endless = await serve((_request, response) => {
      response.writeHead(503).end(`{"error":"${"x".repeat(1_000_000)}"}`);
    });
    await expect(requestJson(endless, call, v.string(), signal)).rejects.toMatchObject({
      code: "model/busy",
      message: "The model server is busy (status 503).",
    });
  });
});

describe("OllamaLookups", () => {
  const nowMs = () => 0;
  const cache = new ProcessCache({ binding: undefined, nowMs });

  async function lookUp(answers: Record<string, unknown>): Promise<OllamaLookups> {
    const target = await serve((request, response) => {
      const answer = answers[request.url ?? ""];
      if (answer === undefined) response.writeHead(404).end("404 page not found");
      else response.end(JSON.stringify(answer));
    });
    return new OllamaLookups({ ...target, cache, nowMs });
  }

  it("lists what is of the form and hides the rest, up to a limit", async ({ expect }) => {
    const good = Array.from({ length: MAX_MODELS }, (_, index) => ({ name: `m${index}`, size: 1 }));
    const bad = [null, 7, { name: "" }, { name: "m", size: -1 }, { name: "m", size: "big" }];
    const few = await lookUp({ "/api/tags": { models: [...bad, ...good.slice(0, 2)] } });
    expect(await few.listed(signal)).toEqual([
      { name: "m0", sizeBytes: 1, capabilities: [] },
      { name: "m1", sizeBytes: 1, capabilities: [] },
    ]);
    server.close();
    const many = await lookUp({ "/api/tags": { models: [...good, { name: "more", size: 1 }] } });
    expect(await many.listed(signal)).toHaveLength(MAX_MODELS);
  });

  it("takes `models: null` for none", async ({ expect }) => {
    const lookups = await lookUp({ "/api/tags": { models: null }, "/api/ps": { models: null } });
    expect(await lookups.listed(signal)).toEqual([]);
    expect(await lookups.isLoaded("m", 4096, signal)).toBe(false);
  });

  it("does without a server's word on what is loaded", async ({ expect }) => {
    const silent = await lookUp({});
    expect(await silent.isLoaded("m", 4096, signal)).toBeUndefined();
    server.close();
    const vague = await lookUp({ "/api/ps": { models: [{ name: "m:latest" }] } });
    expect(await vague.isLoaded("m", 4096, signal)).toBe(true);
  });

  it("does without what an old server leaves out about a model", async ({ expect }) => {
    const lookups = await lookUp({ "/api/show": { model_info: { "llama.context_length": "8k" } } });
    expect(await lookups.show("m", signal)).toEqual({
      contextTokens: undefined,
      answers: true,
      thinks: false,
      tools: false,
      vision: false,
      remote: false,
    });
  });
});

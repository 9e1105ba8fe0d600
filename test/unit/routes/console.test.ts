import { Hono } from "hono";
import { describe, it } from "vitest";
import {
  assignRequestId,
  type HttpEnv,
  PAGE_POLICY,
  secureHeaders,
} from "../../../src/http/middleware.ts";
import { renderProblem } from "../../../src/http/problem.ts";
import { consolePages } from "../../../src/routes/console.ts";
import { createFakeEnv } from "./fake-env.ts";

const app = new Hono<HttpEnv>();
app.use(assignRequestId, secureHeaders);
app.route("/", consolePages);
app.onError((error, c) => renderProblem(error, c.get("requestId")));

const files = { "/index.html": "<!doctype html>", "/app.js": "1", "/app.css": "a{}" };

describe("the console's files", () => {
  it("have their types, whatever the file server says", async ({ expect }) => {
    const { env } = createFakeEnv({}, files);
    const types = await Promise.all(
      ["/", "/app.js", "/app.css"].map(async (path) => {
        const response = await app.request(path, {}, env);
        expect(response.status).toBe(200);
        expect(response.headers.get("content-security-policy")).toBe(PAGE_POLICY);
        return response.headers.get("content-type");
      }),
    );
    expect(types).toEqual([
      "text/html; charset=utf-8",
      "text/javascript; charset=utf-8",
      "text/css; charset=utf-8",
    ]);
  });

  it("are asked for each time and sent again only when they changed", async ({ expect }) => {
    const { env } = createFakeEnv({}, files);
    const first = await app.request("/app.js", {}, env);
    const etag = first.headers.get("etag") ?? "";
    expect(etag).toMatch(/^"[0-9a-f]{24}"$/);
    expect(first.headers.get("cache-control")).toBe("no-cache");
    const headers = { "if-none-match": etag };
    const second = await app.request("/app.js", { headers }, env);
    expect(second.status).toBe(304);
    expect(await second.text()).toBe("");
    const newer = createFakeEnv({}, { ...files, "/app.js": "2" });
    expect((await app.request("/app.js", { headers }, newer.env)).status).toBe(200);
  });

  it("are all there is: other paths are not found", async ({ expect }) => {
    const { env } = createFakeEnv({}, { ...files, "/secret.txt": "x" });
    for (const path of ["/index.html", "/secret.txt", "/app.js.map", "/elsewhere", "/../app.js/x"])
      expect((await app.request(path, {}, env)).status, path).toBe(404);
  });

  it("are not found, with a reason, where the console was not built", async ({ expect }) => {
    const response = await app.request("/", {}, createFakeEnv().env);
    expect(await response.json()).toMatchObject({
      code: "http/not_found",
      detail: "The console's files are missing.",
    });
  });
});

import { Hono } from "hono";
import { describe, it } from "vitest";
import type { PersonId } from "../../../src/core/ids.ts";
import { assignRequestId, type HttpEnv } from "../../../src/http/middleware.ts";
import { renderProblem } from "../../../src/http/problem.ts";
import { signIn } from "../../../src/routes/sign-in.ts";
import { cookieOf, createFakeEnv, OWNER_ID, OWNER_TOKEN } from "./fake-env.ts";

const app = new Hono<HttpEnv>();
app.use(assignRequestId);
app.route("/api", signIn);
app.onError((error, c) => renderProblem(error, c.get("requestId")));

function post(
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
  base = "http://box",
) {
  return new Request(`${base}${path}`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { origin: base, ...headers },
  });
}

describe("signing in", () => {
  it("turns an owner link into a cookie that scripts and other sites cannot use", async ({
    expect,
  }) => {
    const { env } = createFakeEnv();
    const response = await app.request(post("/api/sign-in", { token: OWNER_TOKEN }), {}, env);
    const [access = "", refresh = "", device = ""] = response.headers.getSetCookie();
    expect(response.status).toBe(204);
    expect(access).toMatch(/^rockpool_session=[\w-]+\.[\w-]+\.[\w-]+; Max-Age=900; Path=\/;/);
    expect(refresh).toMatch(/^rockpool_refresh=[^;]+; Max-Age=2592000; Path=\/api\/session;/);
    expect(device).toMatch(/^rockpool_device=[^;]+; Max-Age=2592000; Path=\/api;/);
    for (const cookie of [access, refresh, device]) {
      expect(cookie).toContain("HttpOnly");
      expect(cookie).toContain("SameSite=Strict");
      expect(cookie).not.toContain("Secure");
    }

    const headers = { cookie: access.split(";")[0] ?? "" };
    const me = await app.request("http://box/api/me", { headers }, env);
    expect(await me.json()).toEqual({
      personId: OWNER_ID,
      role: "owner",
      name: "Owner",
      lang: "en",
      endsInMs: expect.any(Number),
    });
    expect(me.headers.get("cache-control")).toBe("no-store");
  });

  it("marks the cookie Secure over TLS, and at the https address that the owner stated", async ({
    expect,
  }) => {
    const sign = async (base: string, publicUrl: string, proto?: string) => {
      const { env } = createFakeEnv({ ROCKPOOL_PUBLIC_URL: publicUrl });
      const headers = proto === undefined ? {} : { "x-forwarded-proto": proto };
      const response = await app.request(
        post("/api/sign-in", { token: OWNER_TOKEN }, headers, base),
        {},
        env,
      );
      return response.headers.get("set-cookie")?.includes("Secure");
    };
    expect(await sign("https://box", "")).toBe(true);
    expect(await sign("http://chat.example", "https://chat.example")).toBe(true);
    expect(await sign("http://box", "https://chat.example", "https")).toBe(false);
    expect(await sign("http://box", "", "https")).toBe(false);
  });

  it("works once for each link", async ({ expect }) => {
    const { env } = createFakeEnv();
    await app.request(post("/api/sign-in", { token: OWNER_TOKEN }), {}, env);
    const again = await app.request(post("/api/sign-in", { token: OWNER_TOKEN }), {}, env);
    expect(again.status).toBe(401);
    expect(again.headers.get("set-cookie")).toBeNull();
    expect(await again.json()).toMatchObject({
      code: "owner/bad_token",
      detail: "This owner link was used already, or has expired.",
      fix: "Make a new one with `npx rockpool owner-link`.",
    });
  });

  it("is refused from another site's page", async ({ expect }) => {
    const { env } = createFakeEnv();
    const headers = { origin: "https://evil.example" };
    const response = await app.request(
      post("/api/sign-in", { token: OWNER_TOKEN }, headers),
      {},
      env,
    );
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ code: "http/forbidden" });
    const mine = await app.request(post("/api/sign-in", { token: OWNER_TOKEN }), {}, env);
    expect(mine.status).toBe(204);
  });

  it("answers a body of another form with what is expected, and never with the token", async ({
    expect,
  }) => {
    const { env } = createFakeEnv();
    const bodies = [
      {},
      { token: "" },
      { token: 7 },
      { token: "x".repeat(513) },
      { token: "s3cret", more: 1 },
    ];
    for (const body of bodies) {
      const response = await app.request(post("/api/sign-in", body), {}, env);
      const text = await response.text();
      expect(JSON.parse(text)).toMatchObject({ status: 400, code: "http/bad_request" });
      expect(text).not.toContain("s3cret");
    }
    const big = await app.request(post("/api/sign-in", { token: "x".repeat(5000) }), {}, env);
    expect(await big.json()).toMatchObject({ status: 413, code: "http/too_large" });
  });
});

describe("being signed in", () => {
  it("is not claimed by no cookie, a broken one, or that of a person who is gone", async ({
    expect,
  }) => {
    const fake = createFakeEnv();
    const cookie = await cookieOf(fake, OWNER_ID);
    const gone = "0190a000-0000-7000-8000-00000000dead" as PersonId;
    const calls = [
      app.request("http://box/api/me", {}, fake.env),
      app.request("http://box/api/me", { headers: { cookie: `${cookie}x` } }, fake.env),
      app.request(
        "http://box/api/me",
        { headers: { cookie: await cookieOf(fake, gone) } },
        fake.env,
      ),
      // Signed by a key of another box.
      app.request("http://box/api/me", { headers: { cookie } }, createFakeEnv().env),
    ];
    for (const [index, call] of calls.entries()) {
      const response = await call;
      expect(response.status, `number ${index}`).toBe(401);
      expect(await response.json()).toMatchObject({
        code: "http/unauthorized",
        detail: "Sign in first.",
      });
    }
  });
});

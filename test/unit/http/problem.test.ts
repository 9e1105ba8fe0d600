import fc from "fast-check";
import * as v from "valibot";
import { describe, it } from "vitest";
import { AppError, ERRORS, type ErrorCode } from "../../../src/core/errors.ts";
import { parseWith } from "../../../src/http/middleware.ts";
import { MAX_FIELD_ERRORS, renderProblem, renderWait } from "../../../src/http/problem.ts";

const codes = Object.keys(ERRORS) as ErrorCode[]; // Object.keys widens to string

describe("an error as problem+json", () => {
  it("carries code, status, title, fix and the request's id", async ({ expect }) => {
    const response = renderProblem(new AppError("http/too_large"), "r-1");
    expect(response.status).toBe(413);
    expect(response.headers.get("content-type")).toBe("application/problem+json; charset=utf-8");
    expect(await response.json()).toEqual({
      type: "urn:rockpool:error:http/too_large",
      title: "The body is larger than this address takes.",
      status: 413,
      detail: "The body is larger than this address takes.",
      code: "http/too_large",
      instance: "r-1",
      fix: "Send less at once.",
    });
  });

  it("shows the detail below 500 and hides it from 500 on, for every code", async ({ expect }) => {
    for (const code of codes) {
      const response = renderProblem(new AppError(code, { detail: "the inner words" }), "r");
      const { detail } = (await response.json()) as { detail: string };
      expect(detail).toBe(ERRORS[code].status < 500 ? "the inner words" : ERRORS[code].title);
    }
  });

  it("shows the owner every code's detail, and of a bug no more than others see", async ({
    expect,
  }) => {
    for (const code of codes) {
      const error = new AppError(code, { detail: "the inner words" });
      const { detail } = (await renderProblem(error, "r", "owner").json()) as { detail: string };
      expect(detail).toBe("the inner words");
    }
    const bug = renderProblem(new TypeError("x.y of undefined"), "r", "owner");
    expect(await bug.text()).not.toContain("x.y");
  });

  it("says nothing of a bug but that it happened", async ({ expect }) => {
    const secret = fc.sample(fc.string({ minLength: 12 }), 1)[0] ?? "";
    const response = renderProblem(new TypeError(`x.y of ${secret}`, { cause: secret }), "r");
    const text = await response.text();
    expect(response.status).toBe(500);
    expect(text).toContain('"code":"http/internal"');
    expect(text).not.toContain(JSON.stringify(secret).slice(1, -1));
  });

  it("knows an AppError that lost its class on the way", ({ expect }) => {
    const error = Object.assign(new Error("gone"), { code: "file/unknown" });
    expect(renderProblem(error, "r").status).toBe(404);
  });

  it("answers whatever was thrown", ({ expect }) => {
    fc.assert(
      fc.property(fc.anything(), (thrown) => {
        expect(renderProblem(thrown, "r").status).toBe(500);
      }),
    );
  });

  it("rounds the wait up to whole seconds, one at least", ({ expect }) => {
    const waitSeconds = (retryAfterMs: number) =>
      renderProblem(new AppError("session/queue_full", { retryAfterMs }), "r").headers.get(
        "retry-after",
      );
    expect([waitSeconds(0), waitSeconds(1000), waitSeconds(1001)]).toEqual(["1", "1", "2"]);
  });

  it("names the wrong fields and never their values", async ({ expect }) => {
    const schema = v.object({ user: v.object({ pin: v.number() }) });
    const caught = (() => {
      try {
        return parseWith(schema, { user: { pin: "s3cret" } });
      } catch (error) {
        return error;
      }
    })();
    const response = renderProblem(caught, "r");
    const text = await response.text();
    expect(response.status).toBe(400);
    expect(JSON.parse(text).errors).toEqual([{ path: "user.pin", message: "number is expected" }]);
    expect(text).not.toContain("s3cret");
  });

  it(`names at most ${MAX_FIELD_ERRORS} fields`, async ({ expect }) => {
    const cause = { issues: Array.from({ length: 100 }, () => ({ expected: "string" })) };
    const response = renderProblem(new AppError("http/bad_request", { cause }), "r");
    const { errors } = (await response.json()) as { errors: unknown[] };
    expect(errors).toHaveLength(MAX_FIELD_ERRORS);
  });
});

describe("the answer to a flood", () => {
  it("is 429 and whole seconds to wait, one at least, without a body", ({ expect }) => {
    for (const [waitMs, seconds] of [
      [1, "1"],
      [1_000, "1"],
      [1_001, "2"],
    ] as const) {
      const response = renderWait(waitMs);
      expect(response.status).toBe(429);
      expect(response.headers.get("retry-after")).toBe(seconds);
      expect(response.body).toBeNull();
    }
  });
});

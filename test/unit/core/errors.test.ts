import { describe, it } from "vitest";
import { AppError, ERRORS, errorCode, errorSpec, isAppError } from "../../../src/core/errors.ts";

/** As an error comes out of an object call: of no class of ours, its own fields kept. */
function fromAnotherObject(error: AppError): Error {
  const { message, code, retryAfterMs } = structuredClone({ ...error, message: error.message });
  return Object.assign(new Error(message), { code, retryAfterMs });
}

describe("AppError", () => {
  it("says the table's title where there is no detail", ({ expect }) => {
    expect(new AppError("file/unknown")).toMatchObject({
      name: "AppError",
      code: "file/unknown",
      message: "No such file.",
      retryAfterMs: undefined,
    });
  });

  it("says the detail, and keeps the cause and the wait", ({ expect }) => {
    const cause = new TypeError("inner");
    const error = new AppError("model/busy", { detail: "Two wait.", cause, retryAfterMs: 5 });
    expect(error).toMatchObject({ message: "Two wait.", cause, retryAfterMs: 5 });
  });

  it("says where it was thrown where the fault is the box's, and not where it refuses", ({
    expect,
  }) => {
    expect(new AppError("session/unavailable").stack).toContain("errors.test.ts");
    expect(new AppError("webhook/bad_signature").stack).not.toContain("errors.test.ts");
    expect(new TypeError("a bug").stack).toContain("errors.test.ts");
  });

  it("is recognised by its code after an object call, with its wait", ({ expect }) => {
    const error = fromAnotherObject(new AppError("session/queue_full", { retryAfterMs: 30_000 }));
    expect(error).not.toBeInstanceOf(AppError);
    expect(isAppError(error)).toBe(true);
    expect(errorCode(error)).toBe("session/queue_full");
    expect(isAppError(error) && error.retryAfterMs).toBe(30_000);
  });

  it.for([
    new TypeError("a bug"),
    Object.assign(new Error("foreign"), { code: "ECONNREFUSED" }),
    Object.assign(new Error("inherited"), { code: "constructor" }),
    Object.assign(new Error("number"), { code: 404 }),
    { code: "file/unknown", message: "no error" },
    "file/unknown",
    undefined,
    null,
  ])("is not %s", (value, { expect }) => {
    expect(isAppError(value)).toBe(false);
    expect(errorCode(value)).toBe("http/internal");
  });
});

describe("the table of errors", () => {
  it.for(Object.keys(ERRORS) as (keyof typeof ERRORS)[])(
    "says of %s what is wrong and what to do, in whole sentences",
    (code, { expect }) => {
      const { title, fix, status } = errorSpec(code);
      expect(title).toMatch(/^[A-Z].*\.$/);
      expect(fix).toMatch(/^[A-Z`].*\.$/);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(600);
    },
  );
});

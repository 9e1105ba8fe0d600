import fc from "fast-check";
import { describe, it } from "vitest";
import { failureOfStatus, failureOfWords, quoteServer } from "../../../src/models/failures.ts";

const STATUSES: [number, string | undefined, string, string][] = [
  [
    400,
    "bad options",
    "model/rejected",
    "The model server refused the request (status 400): bad options",
  ],
  [
    403,
    "cloud is off",
    "model/rejected",
    "The model server refused the request (status 403): cloud is off",
  ],
  ...[
    "the input length exceeds the context length",
    "the request exceeds the available context size, try increasing it",
    "This model's maximum context length is 4096 tokens.",
  ].map((words): [number, string, string, string] => [
    400,
    words,
    "model/too_long",
    `The chat is longer than the model's context: ${words}`,
  ]),
  [
    400,
    '"x:1b" does not support tools',
    "model/unsupported",
    'The model cannot do what is asked: "x:1b" does not support tools',
  ],
  [302, undefined, "model/rejected", "The model server refused the request (status 302)."],
  [404, "model 'x' not found", "model/missing", 'The model "x:1b" is not installed.'],
  [
    404,
    undefined,
    "model/unavailable",
    "Something answers at the model server's address, but it is no such server.",
  ],
  [429, undefined, "model/busy", "The model server is busy (status 429)."],
  [503, "server busy", "model/busy", "The model server is busy (status 503): server busy"],
  [
    500,
    "model requires more system memory",
    "model/out_of_memory",
    "The model server ran out of memory: model requires more system memory",
  ],
  [
    500,
    "llama runner process has terminated: signal: killed",
    "model/out_of_memory",
    "The model server ran out of memory: llama runner process has terminated: signal: killed",
  ],
  [500, undefined, "model/broken_stream", "The model server failed while answering."],
  [502, undefined, "model/unavailable", "Something before the model server answers status 502."],
];

describe("failureOfStatus", () => {
  for (const [status, serverText, code, message] of STATUSES)
    it(`${status} ${serverText ?? "without a text"} → ${code}`, ({ expect }) => {
      const failed = { status, serverText, retryAfter: null, model: "x:1b" };
      expect(failureOfStatus(failed)).toMatchObject({ code, message, retryAfterMs: undefined });
    });

  it("a 404 to a call about no model is no model server", ({ expect }) => {
    const failed = { status: 404, serverText: "?", retryAfter: null, model: undefined };
    expect(failureOfStatus(failed).code).toBe("model/unavailable");
  });

  it("says how long to wait where the server does, up to ten minutes", ({ expect }) => {
    const waitOf = (retryAfter: string) =>
      failureOfStatus({ status: 503, serverText: "", retryAfter, model: "x" }).retryAfterMs;
    expect(waitOf("7")).toBe(7_000);
    expect(waitOf("999999999")).toBe(600_000);
    expect(waitOf("soon")).toBeUndefined();
    expect(waitOf("-1")).toBeUndefined();
    expect(waitOf("Wed, 21 Oct 2026 07:28:00 GMT")).toBeUndefined();
  });
});

describe("failureOfWords", () => {
  it("knows a full queue within a stream", ({ expect }) => {
    expect(failureOfWords("server busy, please try again")).toMatchObject({
      code: "model/busy",
      message: "The model server is busy: server busy, please try again",
    });
  });
});

describe("quoteServer", () => {
  it("holds no address", ({ expect }) => {
    expect(quoteServer("Post http://10.0.0.1:11434/api?key=s3cret failed")).toBe(
      "Post (address) failed",
    );
  });

  it("is one bounded, well-formed line whatever the server says", ({ expect }) => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 2_000 }), (text) => {
        const quote = quoteServer(text);
        expect(quote.length).toBeLessThanOrEqual(201);
        expect(quote).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
        expect(quote.isWellFormed()).toBe(true);
      }),
    );
    expect(quoteServer("a".repeat(1_000))).toBe(`${"a".repeat(200)}…`);
  });
});

import fc from "fast-check";
import { describe, it } from "vitest";
import { AppError } from "../../../src/core/errors.ts";
import { describeError, redactText, setOwnPatterns } from "../../../src/observability/redact.ts";
import { parseOwnPatterns } from "../../../src/redaction/own-patterns.ts";
import { cpuMsOf } from "../../support/cpu-time.ts";

const BOT_TOKEN = `123456789:${"AbCd-_1234".repeat(3)}abcde`;
const SECRETS = [
  BOT_TOKEN,
  "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  "xoxb-123456789012-abcdefghij",
  "sk-abcdefghijklmnop",
  "rkp_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcd2cOX1H",
  "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-DEF_123",
] as const;

describe("redactText", () => {
  it.for(SECRETS)("takes out %s", (secret, { expect }) => {
    const redacted = redactText(`sending with ${secret} failed`);
    expect(redacted).toMatch(/^sending with \[(token|secret)\] failed$/);
  });

  it("takes out what follows Bearer, and addresses with all that is in them", ({ expect }) => {
    expect(redactText("authorization: bearer abc.def~1+2/3==")).toBe(
      "authorization: Bearer [token]",
    );
    expect(redactText(`GET https://api.telegram.org/bot${BOT_TOKEN}/getMe?x=1 (404)`)).toBe(
      "GET [url] (404)",
    );
  });

  it("takes out what is private of people, and what the owner's own patterns find", ({
    expect,
  }) => {
    expect(redactText("no account ada@example.com, card 4111111111111111, +1 415-555-2671")).toBe(
      "no account [email], card [card], [phone]",
    );
    setOwnPatterns(parseOwnPatterns("employee = EMP-\\d+"));
    expect(redactText("EMP-123 is away")).toBe("[employee] is away");
    setOwnPatterns([]);
    expect(redactText("EMP-123 is away")).toBe("EMP-123 is away");
  });

  it("leaves other words as they are", ({ expect }) => {
    const text = "TypeError: x is not a function at 12:30, 5 of 7, qwen3:4b";
    expect(redactText(text)).toBe(text);
  });

  it("takes a secret out wherever it stands between words", ({ expect }) => {
    const words = fc.array(fc.stringMatching(/^[a-z.,!]{0,300}$/), { maxLength: 30 });
    fc.assert(
      fc.property(fc.constantFrom(...SECRETS), words, words, (secret, before, after) => {
        const redacted = redactText([...before, secret, ...after].join(" "));
        expect(redacted).not.toContain(secret.slice(0, 12));
      }),
    );
  });

  it("shows no half of a secret that stands where a long text is cut", ({ expect }) => {
    for (let before = 3_900; before <= 4_010; before += 1) {
      const text = `https://a.example/${"x".repeat(before - 20)} ${BOT_TOKEN}`;
      expect(redactText(text)).not.toContain("123456789");
    }
    expect(redactText(BOT_TOKEN.repeat(200))).not.toContain("AbCd");
  });

  it("is never longer than 400 characters and a mark", ({ expect }) => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 6_000 }), (text) => {
        expect(redactText(text).length).toBeLessThanOrEqual(401);
      }),
    );
    expect(redactText("a ".repeat(500))).toBe(`${"a ".repeat(200)}…`);
  });

  it("takes less than a second for a megabyte made to slow it down", ({ expect }) => {
    const hostile = ["eyJ", "-eyJa", "1234567:", "https://", "Bearer ", "sk-", "a", " ", "\n", "."];
    const tookMs = cpuMsOf(() => {
      for (const piece of hostile) redactText(piece.repeat(1_000_000 / piece.length));
    });
    expect(tookMs).toBeLessThan(1_000);
  });
});

describe("describeError", () => {
  it("names an error and its causes, redacted", ({ expect }) => {
    const cause = new TypeError(`fetch of https://x.example/${BOT_TOKEN} failed`);
    expect(describeError(new AppError("channel/unavailable", { cause }))).toBe(
      "AppError: The platform cannot be reached. ← TypeError: fetch of [url] failed",
    );
  });

  it("ends after four causes, also where they go in a circle", ({ expect }) => {
    const error = new Error("round");
    error.cause = error;
    expect(describeError(error)).toBe(Array(4).fill("Error: round").join(" ← "));
  });

  it("describes what is no error", ({ expect }) => {
    expect(describeError(`thrown ${BOT_TOKEN}`)).toBe("thrown [token]");
    expect(describeError(undefined)).toBe("undefined");
  });
});

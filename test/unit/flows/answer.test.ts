import fc from "fast-check";
import { describe, it } from "vitest";
import { parseAnswer } from "../../../src/flows/answer.ts";
import type { AnswerSpec } from "../../../src/flows/definition-schema.ts";
import { anyText } from "../../support/any-text.ts";
import { cpuMsOf } from "../../support/cpu-time.ts";

const TODAY = () => "2026-11-21";
const choices = [
  { value: "soup", en: "Soup of the day", zh: "汤", also: ["broth"] },
  { value: "cake", en: "Cake", zh: "蛋糕" },
];

function read(accept: AnswerSpec, text: string): string | undefined {
  const answer = parseAnswer({ accept }, text, TODAY);
  return answer.status === "given" ? answer.value : undefined;
}

describe("a text answer", () => {
  it("is kept as it was written, within its bounds", ({ expect }) => {
    expect(read({ type: "text" }, "  Grace\nHopper ")).toBe("Grace\nHopper");
    expect(read({ type: "text", min: 3 }, "ab")).toBeUndefined();
    expect(read({ type: "text", max: 3 }, "abc")).toBe("abc");
    expect(read({ type: "text", max: 3 }, "abcd")).toBeUndefined();
    expect(read({ type: "text" }, "   ")).toBeUndefined();
    expect(read({ type: "text" }, "x".repeat(2_001))).toBeUndefined();
    expect(read({ type: "text" }, "a\ud800")).toBe("a\ufffd");
  });
});

describe("an e-mail address", () => {
  it.for(["ada@example.org", "a.b+c@sub.example.co.uk", "小明@例子.中国", " ada＠example.org "])(
    "is read: %s",
    (text, { expect }) => {
      expect(read({ type: "email" }, text)).toBe(text.normalize("NFKC").trim());
    },
  );
  it.for([
    "ada",
    "@example.org",
    "ada@example",
    "ada@exa mple.org",
    "a b@example.org",
    "ada@-x.org",
    "ada@x..org",
    "<ada@example.org>",
    `${"a".repeat(65)}@x.org`,
    `a@${"x".repeat(260)}.org`,
  ])("is none: %s", (text, { expect }) => {
    expect(read({ type: "email" }, text)).toBeUndefined();
  });
});

describe("a phone number", () => {
  it.for([
    ["+44 20 7946 0958", "+442079460958"],
    ["(030) 123-456", "030123456"],
    ["１３８ １２３４ ５６７８", "13812345678"],
    ["110", undefined],
    ["1234567890123456", undefined],
    ["call me", undefined],
    ["12+345678", undefined],
  ] as const)("%s is %s", ([text, value], { expect }) => {
    expect(read({ type: "phone" }, text)).toBe(value);
  });
});

describe("a day", () => {
  it.for([
    ["2026-12-24", "2026-12-24"],
    ["2026/1/2", "2026-01-02"],
    ["24.12.2026", "2026-12-24"],
    ["24 December 2026", "2026-12-24"],
    ["the 24th", undefined],
    ["24th of dec, 2026", "2026-12-24"],
    ["Dec 24", "2026-12-24"],
    ["March 1st", "2027-03-01"],
    ["21 November", "2026-11-21"],
    ["20 November", "2027-11-20"],
    ["today", "2026-11-21"],
    ["Tomorrow!", "2026-11-22"],
    ["后天", "2026-11-23"],
    ["2026年12月24日", "2026-12-24"],
    ["12月24号", "2026-12-24"],
    ["１２月２４日", "2026-12-24"],
    ["29 Feb 2028", "2028-02-29"],
    ["29 Feb 2027", undefined],
    ["2026-13-01", undefined],
    ["2026-02-30", undefined],
    ["2026-12/24", undefined],
    ["0001-01-01", undefined],
    ["03/04/2026", undefined],
    ["soon", undefined],
    ["constructor", undefined],
  ] as const)("%s is %s", ([text, value], { expect }) => {
    expect(read({ type: "date" }, text)).toBe(value);
  });

  it("to come is not one before today", ({ expect }) => {
    expect(read({ type: "date", future: true }, "2026-11-21")).toBe("2026-11-21");
    expect(read({ type: "date", future: true }, "2026-11-20")).toBeUndefined();
  });

  it("is read again from how it is kept", ({ expect }) => {
    const days = fc.date({
      min: new Date("1900-01-01"),
      max: new Date("2200-12-31"),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(days, (date) => {
        const day = date.toISOString().slice(0, 10);
        expect(read({ type: "date" }, day)).toBe(day);
      }),
    );
  });
});

describe("a number", () => {
  it.for([
    ["12", "12"],
    ["-1.50", "-1.5"],
    ["1,234,567.5", "1234567.5"],
    ["１２", "12"],
    ["1,5", undefined],
    ["12,34", undefined],
    ["1e9", undefined],
    ["0x10", undefined],
    ["Infinity", undefined],
    ["", undefined],
    ["twelve", undefined],
  ] as const)("%s is %s", ([text, value], { expect }) => {
    expect(read({ type: "number" }, text)).toBe(value);
  });

  it("keeps to its bounds", ({ expect }) => {
    expect(read({ type: "number", min: 1, max: 3 }, "3")).toBe("3");
    expect(read({ type: "number", min: 1, max: 3 }, "4")).toBeUndefined();
    expect(read({ type: "number", min: 1 }, "0.5")).toBeUndefined();
    expect(read({ type: "number", whole: true }, "0.5")).toBeUndefined();
  });
});

describe("a choice", () => {
  it.for([
    ["soup of the day", "soup"],
    ["SOUP.", "soup"],
    ["Broth", "soup"],
    ["蛋糕", "cake"],
    ["2", "cake"],
    ["２", "cake"],
    ["3", undefined],
    ["0", undefined],
    ["soup and cake", undefined],
  ] as const)("%s is %s", ([text, value], { expect }) => {
    expect(read({ type: "choice", choices }, text)).toBe(value);
  });
});

describe("yes and no", () => {
  it.for([
    ["Yes!", "yes"],
    ["OK", "yes"],
    ["是的。", "yes"],
    ["好", "yes"],
    ["Nope", "no"],
    ["不是", "no"],
    ["yes and no", undefined],
    ["不知道", undefined],
  ] as const)("%s is %s", ([text, value], { expect }) => {
    expect(read({ type: "yesno" }, text)).toBe(value);
  });
});

describe("an optional question", () => {
  it.for(["skip", "跳过", " - "])("is passed over by %s", (text, { expect }) => {
    const accept = { type: "text" } as const;
    expect(parseAnswer({ accept, optional: true }, text, TODAY)).toEqual({ status: "skipped" });
    expect(parseAnswer({ accept }, text, TODAY)).toEqual({ status: "given", value: text.trim() });
  });
});

describe("any text whatever", () => {
  const specs: AnswerSpec[] = [
    { type: "text" },
    { type: "email" },
    { type: "phone" },
    { type: "date" },
    { type: "number" },
    { type: "choice", choices },
    { type: "yesno" },
  ];
  const near = fc
    .array(fc.constantFrom("2026", "12", "-", ".", ",", "@", "a", " ", "月", "+", "dec", "!"))
    .map((parts) => parts.join(""));

  it("is an answer or none, and an answer means the same again", ({ expect }) => {
    fc.assert(
      fc.property(fc.constantFrom(...specs), fc.oneof(anyText(), near), (accept, text) => {
        const value = read(accept, text);
        if (value !== undefined) expect(read(accept, value)).toBe(value);
      }),
      { numRuns: 2_000 },
    );
  });

  it.for(specs)("takes no longer than its length allows: $type", (accept, { expect }) => {
    for (const part of ["1,", ".", "a@", " ", "1 ", "-", "！", "a."]) {
      const tookMs = cpuMsOf(() => {
        read(accept, part.repeat(100_000));
        read(accept, part.repeat(149));
      });
      expect(tookMs).toBeLessThan(250);
    }
  });
});

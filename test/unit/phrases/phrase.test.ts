import fc from "fast-check";
import { describe, it } from "vitest";
import { en, type Phrases } from "../../../src/phrases/en.ts";
import { decideLang, phrase } from "../../../src/phrases/phrase.ts";
import { zh } from "../../../src/phrases/zh.ts";

const NAMES = Object.keys(en) as (keyof Phrases)[];

function placeholders(text: string): string[] {
  return [...new Set(text.match(/\{\w+\}/g))].sort();
}

function commandsOf(text: string): string[] {
  return [...new Set(text.match(/\/[a-z]+/g))].sort();
}

describe("the phrases", () => {
  it("exist in both languages, none of them empty", ({ expect }) => {
    expect(Object.keys(zh).sort()).toEqual(NAMES.toSorted());
    for (const name of NAMES) {
      expect(en[name].trim(), name).not.toBe("");
      expect(zh[name].trim(), name).not.toBe("");
    }
  });

  it.for(NAMES)("fill in the same values and name the same commands: %s", (name, { expect }) => {
    expect(placeholders(zh[name])).toEqual(placeholders(en[name]));
    expect(commandsOf(zh[name])).toEqual(commandsOf(en[name]));
  });

  it("are Chinese in Chinese", ({ expect }) => {
    for (const name of NAMES) expect(zh[name], name).toMatch(/[\u4e00-\u9fff]/);
  });
});

describe("phrase", () => {
  it("fills in values, also the same one twice", ({ expect }) => {
    expect(phrase("en", "whoami", { name: "Ada", role: "owner", channel: "web" })).toBe(
      "You are Ada (owner), here as web.",
    );
    expect(phrase("zh", "forgotten", { count: 0 })).toBe("已抹去 0 条消息。");
    expect(phrase("en", "pairing", { code: "ABCD" }).split("ABCD")).toHaveLength(3);
  });

  it("takes a value as it is, whatever stands in it", ({ expect }) => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (name) => {
        expect(phrase("en", "unknownCommand", { name })).toBe(
          `I do not know /${name}. /help lists what I know.`,
        );
      }),
    );
    const nested = phrase("en", "whoami", { name: "{role} $& $1", role: "x", channel: "y" });
    expect(nested).toBe("You are {role} $& $1 (x), here as y.");
  });

  it("leaves a place that has no value visible", ({ expect }) => {
    expect(phrase("en", "forgotten")).toBe("Forgotten: {count} messages.");
  });
});

describe("decideLang", () => {
  it.for([
    [undefined, "en"],
    ["", "en"],
    ["en-GB", "en"],
    ["de", "en"],
    ["zh", "zh"],
    ["zh-Hant-TW", "zh"],
    ["ZH-CN", "zh"],
  ] as const)("speaks to %s in %s", ([tag, lang], { expect }) => {
    expect(decideLang(tag)).toBe(lang);
  });
});

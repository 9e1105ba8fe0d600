/** Finding what was said: words in any form, in both languages, and what is shown of it. */
import fc from "fast-check";
import { describe, it } from "vitest";
import type { ChatMessage } from "../../../src/core/message.ts";
import { searchTalk } from "../../../src/turn/search-commands.ts";
import { MAX_FOUND, MAX_SEARCHED, searchHistory } from "../../../src/turn/search-history.ts";
import {
  MAX_SEARCH_WORDS,
  matchesWords,
  parseSearch,
  renderSnippet,
} from "../../../src/turn/search-words.ts";

describe("words", () => {
  it("are found in any case, width and composition, in English and Chinese", ({ expect }) => {
    for (const [text, args] of [
      ["My Rhubarb pie", "rhubarb PIE"],
      ["ｗｉｄｅ letters", "wide"],
      ["cafe\u0301 au lait", "caf\u00e9"],
      ["明天下午三点开会", "下午 开会"],
    ] as const)
      expect(matchesWords(text, parseSearch(args)), text).toBe(true);
    expect(matchesWords("rhubarb", parseSearch("rhubarb pie"))).toBe(false);
  });

  it("are few, none twice, and whatever they are, a snippet is short and well formed", ({
    expect,
  }) => {
    expect(parseSearch("a A  a b")).toEqual(["a", "b"]);
    expect(parseSearch(Array.from({ length: 50 }, (_, n) => `w${n}`).join(" "))).toHaveLength(
      MAX_SEARCH_WORDS,
    );
    const text = fc.string({ unit: "binary", maxLength: 400 });
    fc.assert(
      fc.property(text, text, (said, args) => {
        const words = parseSearch(args);
        const snippet = renderSnippet(said, words);
        expect(snippet.isWellFormed()).toBe(true);
        expect(snippet.length).toBeLessThanOrEqual(122);
        expect(snippet).not.toContain("\n");
        matchesWords(said, words);
      }),
    );
  });
});

/** A history of these texts, by turns: what somebody wrote, and what answered it. */
function historyOf(count: number, textOf: (seq: number) => string) {
  const message = (seq: number): ChatMessage => ({
    seq,
    id: `turn${Math.ceil(seq / 2)}:${seq % 2 === 1 ? "u" : "a"}`,
    role: seq % 2 === 1 ? "user" : "assistant",
    text: textOf(seq),
    atMs: seq * 60_000,
    channel: "web",
    media: [],
  });
  return {
    opened: 0,
    rest: async () => undefined,
    async page(afterSeq: number, beforeSeq: number, limit: number) {
      const end = Math.min(count, beforeSeq - 1);
      const start = Math.max(afterSeq + 1, end - limit + 1);
      const page = Array.from({ length: Math.max(0, end - start + 1) }, (_, at) =>
        message(start + at),
      );
      this.opened += page.length;
      return page;
    },
  };
}

describe("a search", () => {
  it("shows the newest first, and neither searches nor what answered them", async ({ expect }) => {
    const history = historyOf(250, (seq) => {
      if (seq === 249 || seq === 5) return "/search rhubarb";
      return seq % 50 === 0 || seq === 250 || seq === 6 ? `rhubarb ${seq}` : "talk";
    });
    const { found, isWhole } = await searchHistory(history, ["rhubarb"], "Ada");
    expect(found.map(({ text }) => text)).toEqual([200, 150, 100, 50].map((n) => `rhubarb ${n}`));
    expect(isWhole).toBe(true);
  });

  it(`shows ${MAX_FOUND} at most and opens ${MAX_SEARCHED} at most, and says so`, async ({
    expect,
  }) => {
    const many = await searchHistory(
      historyOf(300, () => "rhubarb"),
      ["rhubarb"],
      "Ada",
    );
    expect(many).toMatchObject({ isWhole: false });
    expect(many.found).toHaveLength(MAX_FOUND);
    const long = historyOf(MAX_SEARCHED + 500, () => "talk");
    expect(await searchHistory(long, ["rhubarb"], "Ada")).toEqual({ found: [], isWhole: false });
    expect(long.opened).toBe(MAX_SEARCHED);
  });

  it("is answered with times, names and snippets, or with how to ask", async ({ expect }) => {
    const say = (name: string, values = {}) => `${name} ${JSON.stringify(values)}`;
    const found = [
      { atMs: 0, text: "my\nrhubarb", sender: "Ada" },
      { atMs: 60_000, text: "noted", sender: undefined },
    ];
    const ports = { say, zone: async () => "UTC", search: async () => ({ found, isWhole: false }) };
    expect(await searchTalk("Rhubarb", ports)).toBe(
      [
        'searchFound {"count":2}',
        "- 1970-01-01 00:00 · Ada: my rhubarb",
        "- 1970-01-01 00:01 · searchMe {}: noted",
        "searchOlder {}",
      ].join("\n"),
    );
    expect(await searchTalk(" ", ports)).toBe("searchAsk {}");
  });
});

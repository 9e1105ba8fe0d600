import fc from "fast-check";
import { describe, it } from "vitest";
import { checkFile, kindOfFile, shortenName } from "../../../src/console/chat/file-rules.ts";
import { isSendKey } from "../../../src/console/chat/send-key.ts";
import { nameDay, renderSize } from "../../../src/console/chat/when.ts";
import { parseOwnerToken, takeOwnerToken } from "../../../src/console/owner-link.ts";
import { decideLanguage, type PhraseName, phraseIn } from "../../../src/console/phrases.ts";
import { decideWaitMs, FIRST_WAIT_MS, MAX_WAIT_MS, rest } from "../../../src/console/retry.ts";
import { parseProblem, parseStreamEvent } from "../../../src/console/schemas.ts";
import { MAX_FILE_BYTES, MAX_FILE_NAME_UNITS } from "../../../src/core/chat-protocol.ts";

describe("the key that sends", () => {
  const press = { key: "Enter", shiftKey: false, isComposing: false, keyCode: 13 };

  it("is Enter, and not with Shift or within an input method's word", ({ expect }) => {
    expect(isSendKey(press)).toBe(true);
    expect(isSendKey({ ...press, shiftKey: true })).toBe(false);
    expect(isSendKey({ ...press, isComposing: true })).toBe(false);
    expect(isSendKey({ ...press, keyCode: 229 })).toBe(false);
    expect(isSendKey({ ...press, key: "a" })).toBe(false);
  });
});

describe("a file to attach", () => {
  it("may be as large as the limit, and is not empty", ({ expect }) => {
    expect(checkFile({ size: MAX_FILE_BYTES })).toBeUndefined();
    expect(checkFile({ size: MAX_FILE_BYTES + 1 })).toBe("too_large");
    expect(checkFile({ size: 0 })).toBe("empty");
  });

  it("keeps its ending when its name is cut", ({ expect }) => {
    expect(shortenName("a.txt")).toBe("a.txt");
    expect(shortenName("")).toBe("file");
    expect(shortenName(`${"界".repeat(300)}.pdf`)).toMatch(/^界+\.pdf$/);
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 400 }), (name) => {
        const short = shortenName(name);
        expect(short.length).toBeLessThanOrEqual(MAX_FILE_NAME_UNITS);
        expect(short.isWellFormed()).toBe(true);
        expect(short).not.toBe("");
      }),
    );
  });

  it("is of the kind that its type says", ({ expect }) => {
    const kinds = ["image/png", "audio/ogg", "video/mp4", "text/plain", ""].map(kindOfFile);
    expect(kinds).toEqual(["image", "audio", "video", "file", "file"]);
  });
});

describe("an owner link", () => {
  it("carries its token in the fragment and nothing else", ({ expect }) => {
    expect(parseOwnerToken("#owner=abc-_9")).toBe("abc-_9");
    for (const hash of [
      "",
      "#",
      "#owner=",
      "#owner=a&b=c",
      "#x=1",
      "#owner=a b",
      `#owner=${"a".repeat(513)}`,
    ])
      expect(parseOwnerToken(hash)).toBeUndefined();
  });

  it("loses its token in the address bar, and other fragments stay", ({ expect }) => {
    const replaced: unknown[] = [];
    const history = { state: null, replaceState: (...args: unknown[]) => replaced.push(args[2]) };
    const at = (hash: string) => ({ hash, pathname: "/", search: "?a" });
    const take = (hash: string) =>
      takeOwnerToken(at(hash) as Location, history as unknown as History);
    expect(take("#owner=t")).toBe("t");
    expect(take("#section")).toBeUndefined();
    expect(replaced).toEqual(["/?a"]);
  });
});

describe("phrases", () => {
  const names = [
    "thinking",
    "fileTooLarge",
    "tooLong",
    "removeFile",
    "uploading",
    "tooManyFiles",
  ] as const;

  it("take the same values in both languages", ({ expect }) => {
    const values = { name: "N", max: 20, count: 7, percent: 50 };
    for (const name of names satisfies readonly PhraseName[]) {
      const [english, chinese] = [phraseIn("en", name, values), phraseIn("zh", name, values)];
      expect(english).not.toMatch(/[{}]/);
      expect(chinese).not.toMatch(/[{}]/);
      expect(english.match(/N|20|7|50/g)?.length).toBe(chinese.match(/N|20|7|50/g)?.length);
    }
    expect(phraseIn("en", "removeFile", { name: "$& {max}" })).toBe("Remove $& {max}");
  });

  it("follow the first language that is one of ours", ({ expect }) => {
    expect(decideLanguage(["zh-TW", "en"])).toBe("zh");
    expect(decideLanguage(["fr", "en-US", "zh"])).toBe("en");
    expect(decideLanguage(["ja", "zh-Hans"])).toBe("zh");
    expect(decideLanguage([])).toBe("en");
  });
});

describe("the wait before the next try", () => {
  it("grows up to its limit, and honours what the server asks for", ({ expect }) => {
    expect(decideWaitMs(1, 0)).toBe(FIRST_WAIT_MS / 2);
    expect(decideWaitMs(1000, 0.999)).toBeLessThanOrEqual(MAX_WAIT_MS);
    expect(decideWaitMs(1, 0, 9000)).toBe(9000);
    expect(decideWaitMs(1, 0, 3_600_000)).toBe(4 * MAX_WAIT_MS);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (failures, random) => {
          const waitMs = decideWaitMs(failures, random);
          expect(waitMs).toBeGreaterThanOrEqual(FIRST_WAIT_MS / 2);
          expect(waitMs).toBeLessThanOrEqual(MAX_WAIT_MS);
        },
      ),
    );
  });

  it("ends at once when it is woken, before or after it began", async ({ expect }) => {
    const woken = new AbortController();
    const waiting = rest(3_600_000, woken.signal);
    woken.abort();
    await waiting;
    await rest(3_600_000, woken.signal);
    expect(woken.signal.aborted).toBe(true);
  });
});

describe("what the server sends", () => {
  it("is one of the known events, or ignored", ({ expect }) => {
    expect(parseStreamEvent('{"type":"delta","turnId":"t","offset":0,"text":"a","new":1}')).toEqual(
      {
        type: "delta",
        turnId: "t",
        offset: 0,
        text: "a",
      },
    );
    for (const data of [
      "",
      "{",
      "null",
      '{"type":"later"}',
      '{"type":"delta","turnId":"t","offset":-1,"text":""}',
    ])
      expect(parseStreamEvent(data)).toBeUndefined();
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (data) => {
        expect(parseStreamEvent(data)).toBeUndefined();
      }),
    );
  });

  it("is a problem of ours only in the right form", ({ expect }) => {
    expect(parseProblem({ code: "a/b", detail: "d", fix: "f", status: 400 })).toEqual({
      code: "a/b",
      detail: "d",
      fix: "f",
    });
    expect(parseProblem("<html>502</html>")).toBeUndefined();
  });
});

describe("times and sizes", () => {
  it("name today and yesterday, across a month's end too", ({ expect }) => {
    const nowMs = new Date(2026, 2, 1, 0, 30).getTime();
    expect(nameDay(nowMs, nowMs)).toBe("today");
    expect(nameDay(new Date(2026, 1, 28, 23, 59).getTime(), nowMs)).toBe("yesterday");
    expect(nameDay(new Date(2026, 1, 27, 23, 59).getTime(), nowMs)).toBeUndefined();
  });

  it("read as people say them", ({ expect }) => {
    expect([0, 1023, 1024, 1_500_000].map(renderSize)).toEqual(["0 B", "1023 B", "1 kB", "1.4 MB"]);
  });
});

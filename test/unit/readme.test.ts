/** README in its two languages: in step with each other, and with what the program prints. */
import { describe, it } from "vitest";
import { renderStartScreen } from "../../local-runtime/screen/start-screen.ts";
import { headingsOf, parseMarkdown } from "../support/markdown-files.ts";
import { readProjectFile } from "../support/project-files.ts";

const english = parseMarkdown("README.md", readProjectFile("README.md"));
const chinese = parseMarkdown("README.zh-CN.md", readProjectFile("README.zh-CN.md"));

function levels(headings: readonly string[]): number[] {
  return headings.map((heading) => heading.indexOf(" "));
}

function links(prose: string): string[] {
  return [...prose.matchAll(/\]\(([^)]+)\)/g)].map(([, link = ""]) => link);
}

describe("README.zh-CN.md", () => {
  it("has the headings of README.md", ({ expect }) => {
    expect(levels(headingsOf(chinese))).toEqual(levels(headingsOf(english)));
  });

  it("has the same code blocks", ({ expect }) => {
    expect(chinese.codeBlocks).toEqual(english.codeBlocks);
  });

  it("has the same links, but for the one to the other language", ({ expect }) => {
    const others = (list: string[]) => list.filter((link) => !/^README/.test(link));
    expect(others(links(chinese.prose))).toEqual(others(links(english.prose)));
    expect(links(english.prose)).toContain("README.zh-CN.md");
    expect(links(chinese.prose)).toContain("README.md");
  });

  it("has as many points in each list", ({ expect }) => {
    const points = (prose: string) => prose.split(/^## /m).map((part) => part.split(/^- /m).length);
    expect(points(chinese.prose)).toEqual(points(english.prose));
  });
});

describe("README.md", () => {
  it("begins with one sentence and the two commands", ({ expect }) => {
    expect(english.prose).toMatch(/^# Rockpool\n\n[^\n]+\.\n/);
    expect(english.codeBlocks[0]).toBe("npm start\nnpm test\n");
    const { scripts } = JSON.parse(readProjectFile("package.json"));
    expect(scripts).toMatchObject({
      start: "bin/rockpool up",
      test: "bin/with-node scripts/test.ts",
    });
  });

  it("shows the screen that the program prints", ({ expect }) => {
    const screen = renderStartScreen({
      url: "http://127.0.0.1:8787",
      pageUrl: "http://localhost:8787",
      pid: 1,
      dataDir: "/home/you/rockpool/data",
      status: {
        version: "0.1.0",
        publicUrl: "",
        modelUrl: "http://127.0.0.1:11434",
        model: { status: "down", code: "model/unavailable" },
        accounts: [],
        people: 0,
        pendingPairings: 0,
        journalBacklog: 0,
        ownerKnown: false,
      },
      ownerLink: {
        token: "IunV2oBOwRd7cf0eB0mF454jYpPtIHnUctAI6iLWoFM",
        expiresAtMs: new Date(2026, 10, 22, 5, 16).getTime(),
      },
    });
    expect(english.codeBlocks[1]).toBe(`${screen}\n`);
  });
});

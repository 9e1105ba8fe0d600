/** The structure of the code: who imports whom, no circles, file sizes, and a line in AGENTS.md for each folder. */
import { posix } from "node:path";
import { describe, it } from "vitest";
import {
  AREAS,
  findArea,
  findCycle,
  findForbiddenImports,
  parseImports,
  type SourceFile,
} from "../support/import-rules.ts";
import { listProjectFiles, readProjectFile } from "../support/project-files.ts";

const MAX_FILE_LINES = 400;
const MAX_MEDIAN_LINES = 120;

function load(...patterns: string[]): SourceFile[] {
  return listProjectFiles(...patterns).map((path) => ({ path, text: readProjectFile(path) }));
}

function file(path: string, text: string): SourceFile[] {
  return [{ path, text }];
}

/** Folders that hold files, without those that only mirror or belong to another one. */
function listFolders(): string[] {
  const files = listProjectFiles(
    "{src,local-runtime,test,scripts,docs,bin}/**",
    "migrations/*.sql",
  ).filter((path) => !/^src\/[^/]+$/.test(path));
  const folders = new Set(files.map((path) => posix.dirname(path)));
  return [...folders].filter((path) => !/^test\/(unit|fixtures)\//.test(path));
}

const production = load("src/**/*.{ts,tsx}", "local-runtime/**/*.ts");

describe("a unit test", () => {
  /** Of a whole tree at once: generated inputs, what the documents say, and the release. */
  const OF_ALL = /^test\/unit(?:\/fuzz)?$/;

  it("stands in the folder that is named after what it tests", ({ expect }) => {
    const folders = new Set(production.map(({ path }) => posix.dirname(path)));
    const tests = listProjectFiles("test/unit/**/*.test.ts").map((path) => posix.dirname(path));
    const strange = [...new Set(tests)].filter((folder) => {
      const mirrored = folder.replace(/^test\/unit\//, "");
      return !OF_ALL.test(folder) && !folders.has(mirrored) && !folders.has(`src/${mirrored}`);
    });
    expect(strange).toEqual([]);
  });
});

describe("the project's imports", () => {
  it("go one way, as the table says", ({ expect }) => {
    expect(production.length).toBeGreaterThan(100);
    expect(findForbiddenImports(production)).toEqual([]);
  });

  it("form no circle of values", ({ expect }) => {
    expect(findCycle(production)).toBeUndefined();
  });

  it("name files with their extension", ({ expect }) => {
    const bare = production.flatMap(({ path, text }) =>
      parseImports(text)
        .filter(({ specifier }) => /^\.\.?\//.test(specifier) && !/\.(tsx?|css)$/.test(specifier))
        .map(({ specifier }) => `${path}: ${specifier}`),
    );
    expect(bare).toEqual([]);
  });

  it("leave no line of the table without a place", ({ expect }) => {
    const empty = AREAS.filter((area) => !production.some(({ path }) => findArea(path) === area));
    expect(empty.map(({ place }) => place)).toEqual([]);
  });
});

describe("the import checker", () => {
  it("reads every form of an import", ({ expect }) => {
    const text = [
      'import "a";',
      'import b from "b";',
      'import * as c from "c";',
      'import {\n  d,\n  type D,\n} from "d";',
      'import type { E } from "e";',
      'export { f } from "f";',
      'export * from "g";',
      'export type { H } from "h";',
      'const i = await import("i");',
      'export const j = "no import";',
      ' * import k from "k", in a comment',
    ].join("\n");
    expect(
      parseImports(text)
        .map(({ specifier }) => specifier)
        .join(""),
    ).toBe("abcdefghi");
    expect(parseImports(text).filter(({ isTypeOnly }) => isTypeOnly)).toEqual([
      { specifier: "e", isTypeOnly: true },
      { specifier: "h", isTypeOnly: true },
    ]);
  });

  it.for([
    ["an upward import", "src/core/ids.ts", 'import { x } from "../turn/run.ts";'],
    ["an upward type", "src/turn/run.ts", 'import type { X } from "../do/session/inbox.ts";'],
    ["a neighbour of turn", "src/turn/run.ts", 'import { x } from "../models/ollama.ts";'],
    [
      "another channel",
      "src/adapters/webhook/index.ts",
      'import { x } from "../telegram/send.ts";',
    ],
    ["a value of the bindings", "src/routes/ops.ts", 'import { x } from "../env.ts";'],
    [
      "cloudflare:workers in a route",
      "src/routes/ops.ts",
      'import { x } from "cloudflare:workers";',
    ],
    ["drizzle outside of db", "src/do/journal/journal.ts", 'import { sql } from "drizzle-orm";'],
    ["hono in an object", "src/do/session/session.ts", 'import { Hono } from "hono";'],
    ["grammY in the core", "src/core/message.ts", 'import type { Api } from "grammy";'],
    ["jose in http", "src/http/session-cookie.ts", 'import { SignJWT } from "jose";'],
    ["markdown-it in an object", "src/do/turn/commit.ts", 'import MarkdownIt from "markdown-it";'],
    ["Node in the Worker", "src/security/codes.ts", 'import { x } from "node:crypto";'],
    ["a package of a like name", "src/routes/ops.ts", 'import { x } from "hono-extra";'],
    ["the Worker in the command", "local-runtime/main.ts", 'import { x } from "../src/app.ts";'],
    [
      "an adapter in the command",
      "local-runtime/main.ts",
      'import { x } from "../src/adapters/registry.ts";',
    ],
    [
      "the host in the Worker",
      "src/do/session/session.ts",
      'import { x } from "../../local-runtime/supervisor/lock.ts";',
    ],
    ["a re-export", "src/core/ids.ts", 'export { x } from "../do/session/inbox.ts";'],
    ["a late import", "src/turn/run.ts", 'await import("../do/session/inbox.ts")'],
  ] as const)("finds %s", ([, path, text], { expect }) => {
    expect(findForbiddenImports(file(path, text))).toHaveLength(1);
  });

  it.for([
    ["a lower layer", "src/do/session/session.ts", 'import { x } from "../turn/run.ts";'],
    ["its own folder", "src/do/session/session.ts", 'import { x } from "./inbox.ts";'],
    ["a part of an allowed package", "src/db/schema.ts", 'import { x } from "drizzle-orm/d1";'],
    ["types of the bindings", "src/routes/ops.ts", 'import type { Env } from "../env.ts";'],
    [
      "the catalogue in the command",
      "local-runtime/main.ts",
      'import { x } from "../src/adapters/catalogue.ts";',
    ],
  ] as const)("allows %s", ([, path, text], { expect }) => {
    expect(findForbiddenImports(file(path, text))).toEqual([]);
  });

  it("finds a file outside of the table", ({ expect }) => {
    expect(findForbiddenImports(file("src/utils/x.ts", ""))).toEqual([
      "src/utils/x.ts is in no area of the table",
    ]);
  });

  it("finds a circle of values, and passes one of types", ({ expect }) => {
    const circle = (word: string) => [
      { path: "src/a.ts", text: 'import { b } from "./b.ts";' },
      { path: "src/b.ts", text: 'import { c } from "./c.ts";' },
      { path: "src/c.ts", text: `import ${word} { a } from "./a.ts";` },
    ];
    expect(findCycle(circle(""))).toEqual(["src/a.ts", "src/b.ts", "src/c.ts", "src/a.ts"]);
    expect(findCycle(circle("type"))).toBeUndefined();
  });
});

describe("the project's files", () => {
  it(`have at most ${MAX_FILE_LINES} lines, and mostly a third of it`, ({ expect }) => {
    const sized = load("**/*.{ts,tsx,css}")
      .map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }))
      .sort((a, b) => a.lines - b.lines);
    const median = sized[Math.floor(sized.length / 2)]?.lines ?? 0;
    process.stdout.write(`${sized.length} files, median ${median} lines\n`);
    expect(sized.filter(({ lines }) => lines > MAX_FILE_LINES)).toEqual([]);
    expect(median).toBeLessThanOrEqual(MAX_MEDIAN_LINES);
  });

  it("open with a sentence on what they are responsible for", ({ expect }) => {
    const silent = production.filter(({ text }) => !text.startsWith("/**"));
    expect(silent.map(({ path }) => path)).toEqual([]);
  });

  it("lie in folders that AGENTS.md names, and it names no other", ({ expect }) => {
    const named = [...readProjectFile("AGENTS.md").matchAll(/^- `([^`]+)\/`/gm)].map(
      ([, name = ""]) => name,
    );
    expect(listFolders().filter((path) => !named.includes(path))).toEqual([]);
    expect(named.filter((name) => listProjectFiles(`${name}/**`).length === 0)).toEqual([]);
  });

  it("lie in no folder that says nothing", ({ expect }) => {
    const vague = /(^|\/)(utils?|helpers?|common|misc|shared|lib|services?|managers?)(\/|[.-])/;
    expect(
      listProjectFiles("src/**", "local-runtime/**").filter((path) => vague.test(path)),
    ).toEqual([]);
  });
});

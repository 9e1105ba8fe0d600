/** The documents say what the code does: tables made from it, links that lead somewhere, commands that exist. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { describe, it } from "vitest";
import { COMMANDS } from "../../local-runtime/command.ts";
import { createShell } from "../../local-runtime/shell.ts";
import { GENERATED_DOCS } from "../../scripts/generated-docs.ts";
import { OPTIONS } from "../../src/config/options.ts";
import { ERRORS } from "../../src/core/errors.ts";
import {
  headingsOf,
  loadMarkdownFiles,
  parseMarkdown,
  relativeLinksOf,
  slugOf,
} from "../support/markdown-files.ts";
import { listProjectFiles, PROJECT_ROOT, readProjectFile } from "../support/project-files.ts";

const files = loadMarkdownFiles();

const MAX_DECISION_LINES = 60;

describe("documents made from the code", () => {
  it.for(Object.entries(GENERATED_DOCS))("%s is in step", ([path, render], { expect }) => {
    expect(readProjectFile(path)).toBe(render());
  });

  it("name every option and every error code", ({ expect }) => {
    const options = readProjectFile("docs/configuration.md");
    expect(Object.keys(OPTIONS).filter((name) => !options.includes(`\`${name}\``))).toEqual([]);
    const errors = readProjectFile("docs/errors.md");
    expect(Object.keys(ERRORS).filter((code) => !errors.includes(`\`${code}\``))).toEqual([]);
  });
});

describe("error codes", () => {
  it("are all thrown or told apart somewhere", ({ expect }) => {
    const sources = listProjectFiles("{src,local-runtime}/**/*.ts")
      .filter((path) => !/^src\/core\/(\w+-)?errors.ts$/.test(path))
      .map(readProjectFile)
      .join("\n");
    expect(Object.keys(ERRORS).filter((code) => !sources.includes(`"${code}"`))).toEqual([]);
  });
});

describe("links between documents", () => {
  it("lead to files that exist", ({ expect }) => {
    const broken = files.flatMap((file) =>
      relativeLinksOf(file)
        .filter(({ target }) => !existsSync(join(PROJECT_ROOT, target)))
        .map(({ target }) => `${file.path} → ${target}`),
    );
    expect(files.flatMap(relativeLinksOf).length).toBeGreaterThan(50);
    expect(broken).toEqual([]);
  });

  it("lead to headings that exist", ({ expect }) => {
    const slugs = new Map(files.map((file) => [file.path, headingsOf(file).map(slugOf)]));
    const broken = files.flatMap((file) =>
      relativeLinksOf(file)
        .filter(({ target, slug }) => slug !== "" && !slugs.get(target)?.includes(slug))
        .map(({ target, slug }) => `${file.path} → ${target}#${slug}`),
    );
    expect(broken).toEqual([]);
  });

  it("are found by the reader of this test", ({ expect }) => {
    const text = "# A b, `c`!\n[x](y.md#z) [w](https://w)\n```\n[no](no.md)\n# no\n```\n[v](../v/)";
    const file = parseMarkdown("docs/a.md", text);
    expect(headingsOf(file).map(slugOf)).toEqual(["a-b-c"]);
    expect(relativeLinksOf(file)).toEqual([
      { target: "docs/y.md", slug: "z" },
      { target: "v", slug: "" },
    ]);
    expect(file.codeBlocks).toEqual(["[no](no.md)\n# no\n"]);
  });
});

describe("files that documents name", () => {
  it("exist, wherever a path of ours stands in code style", ({ expect }) => {
    const missing = files.flatMap(({ path, prose }) =>
      [...prose.matchAll(/`((?:src|test|local-runtime|scripts|migrations)\/[\w./-]+)`/g)]
        .map(([, name = ""]) => name)
        .filter((name) => !existsSync(join(PROJECT_ROOT, name)))
        .map((name) => `${path}: ${name}`),
    );
    expect(missing).toEqual([]);
  });

  it("are many in the test matrix", ({ expect }) => {
    const cited = readProjectFile("docs/test-matrix.md").match(/`test\/[\w./-]+`/g) ?? [];
    expect(new Set(cited).size).toBeGreaterThan(40);
  });
});

/** The words of a `rockpool` command line; quoted text and what a shell makes of it are left as they are. */
function wordsOf(line: string): string[] | undefined {
  const match = /^(?:.* -- )?(?:npx rockpool|\S*bin\/rockpool)(?: (.*))?$/.exec(line.trim());
  return match ? (match[1] ?? "").split(/ [#|]/)[0]?.split(" ") : undefined;
}

async function buildCommand(name: string): Promise<Command> {
  const program = new Command("rockpool").option("--json").exitOverride();
  const shell = createShell({ root: PROJECT_ROOT, json: false, env: {} });
  const module = await COMMANDS[name]?.load();
  const command = program.command(name);
  module?.defineCommand(command, shell);
  return command;
}

/** Says what is wrong with the words, or nothing. Runs no command. */
async function findFault([name = "", ...rest]: string[]): Promise<string | undefined> {
  if (name === "" || name.startsWith("-")) return undefined;
  if (!Object.hasOwn(COMMANDS, name)) return `there is no command ${name}`;
  let command = await buildCommand(name);
  for (const word of rest) {
    if (word === "--help" || word === "--json" || word.startsWith("<")) continue;
    const next = command.commands.find((item) => item.name() === word);
    if (next) command = next;
    else if (
      word.startsWith("-") &&
      !command.options.some((option) => option.long === word || option.short === word)
    )
      return `${command.name()} has no option ${word}`;
    else if (!word.startsWith("-") && command.commands.length > 0)
      return `${command.name()} has no command ${word}`;
  }
  return undefined;
}

describe("commands that documents show", () => {
  const lines = files.flatMap(({ path, prose, codeBlocks }) => {
    const inline = [...prose.matchAll(/`(npx rockpool[^`]*)`/g)].map(([, line = ""]) => line);
    return [...codeBlocks.flatMap((code) => code.split("\n")), ...inline].map((line) => ({
      path,
      line,
      words: wordsOf(line),
    }));
  });
  const shown = lines.flatMap(({ path, line, words }) => (words ? [{ path, line, words }] : []));

  it("exist, with each of their options", async ({ expect }) => {
    expect(shown.length).toBeGreaterThan(30);
    const faults = await Promise.all(
      shown.map(async ({ path, line, words }) => {
        const fault = await findFault(words);
        return fault === undefined ? [] : [`${path}: ${line}: ${fault}`];
      }),
    );
    expect(faults.flat()).toEqual([]);
  });

  it("are told from ones that do not exist", async ({ expect }) => {
    expect(await findFault(["fly"])).toBe("there is no command fly");
    expect(await findFault(["channel", "paint"])).toBe("channel has no command paint");
    expect(await findFault(["logs", "--tail"])).toBe("logs has no option --tail");
    expect(await findFault(["channel", "add", "telegram", "--name", "main"])).toBeUndefined();
  });

  it("begin with how they are typed in a clone", ({ expect }) => {
    const bare = lines.filter(({ line }) => /^rockpool [a-z]/.test(line.trim()));
    expect(bare.map(({ path, line }) => `${path}: ${line}`)).toEqual([]);
  });

  it("are scripts of package.json where npm runs them", ({ expect }) => {
    const { scripts } = JSON.parse(readProjectFile("package.json"));
    const npm = /\bnpm (?:run ([\w-]+)|(start|test))\b/g;
    const named = files.flatMap(({ prose, codeBlocks }) =>
      [...[prose, ...codeBlocks].join("\n").matchAll(npm)].map(([, run, own]) => run ?? own ?? ""),
    );
    expect([...new Set(named)].filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });
});

describe("metrics that documents name", () => {
  it("exist", ({ expect }) => {
    const sources = listProjectFiles("src/**/*.ts").map(readProjectFile).join("\n");
    const named = files.flatMap(({ prose, codeBlocks }) =>
      [...[prose, ...codeBlocks].join("\n").matchAll(/\brockpool_[a-z_]+/g)].map(([name]) => name),
    );
    expect(named).toContain("rockpool_backup_success_timestamp_seconds");
    expect([...new Set(named)].filter((name) => !sources.includes(`"${name}"`))).toEqual([]);
  });
});

describe("packages", () => {
  it("are each named in the architecture, with a reason", ({ expect }) => {
    const { dependencies, devDependencies } = JSON.parse(readProjectFile("package.json"));
    const named = readProjectFile("docs/architecture.md");
    const isTypes = (name: string) => /types/.test(name);
    const missing = Object.keys({ ...dependencies, ...devDependencies }).filter(
      (name) => !named.includes(`\`${name}\``) && !isTypes(name),
    );
    expect(missing).toEqual([]);
  });
});

describe("decisions", () => {
  it.for(listProjectFiles("docs/adr/*.md"))(
    "%s is short and has its five parts",
    (path, { expect }) => {
      const text = readProjectFile(path);
      expect(text.split("\n").length).toBeLessThanOrEqual(MAX_DECISION_LINES + 1);
      expect(text).toMatch(/^# .+\n\nStatus: \w+/);
      const parts = text.match(/^## (Problem|Decision|Alternatives|Consequences)$/gm);
      expect(parts).toEqual(["## Problem", "## Decision", "## Alternatives", "## Consequences"]);
    },
  );

  it("have a number each", ({ expect }) => {
    const numbers = listProjectFiles("docs/adr/*.md").map((path) => path.slice(9, 13));
    expect(new Set(numbers).size).toBe(numbers.length);
  });
});

/** The commands that README shows, typed as it shows them. */
import { type ChildProcess, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import { describe, it, onTestFinished } from "vitest";
import { parseMarkdown } from "../support/markdown-files.ts";
import { PROJECT_ROOT, readProjectFile } from "../support/project-files.ts";
import { temporaryFolder, until } from "../support/rockpool-process.ts";

const [first = "", , , pairing = ""] = parseMarkdown(
  "README.md",
  readProjectFile("README.md"),
).codeBlocks;

interface Typed {
  child: ChildProcess;
  output(): string;
  status: Promise<number | null>;
}

/** Runs a line with a shell in the project's folder. Model server and port are such that no other program is met. */
function type(line: string, dataDir: string): Typed {
  const env = {
    ...process.env,
    PORT: "0",
    ROCKPOOL_DATA: dataDir,
    ROCKPOOL_MODEL_URL: "http://127.0.0.1:9",
  };
  const child = spawn(line, { cwd: PROJECT_ROOT, env, shell: true });
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (part: string) => {
      text += part;
    });
  const status = new Promise<number | null>((resolve) => child.once("close", resolve));
  return { child, output: () => stripVTControlCharacters(text), status };
}

describe("README's first two commands", () => {
  const [start = "", test = ""] = first.split("\n");

  it("start a server that says where it is, and answers there", { timeout: 120_000 }, async ({
    expect,
  }) => {
    const dataDir = temporaryFolder();
    const server = type(start, dataDir);
    onTestFinished(async () => {
      await type("npx rockpool down", dataDir).status;
      rmSync(dataDir, { recursive: true, force: true });
    });
    await until(
      () => server.output().includes("Stop it with Ctrl-C") || server.child.exitCode !== null,
      "the start screen",
      90_000,
    );
    const url = /Web chat {3}(http:\S+)\/#owner=/.exec(server.output())?.[1];
    expect(url, server.output()).toBeDefined();
    expect((await fetch(`${url}/healthz`)).status).toBe(200);

    const list = type(pairing.split("\n")[0] ?? "", dataDir);
    expect(await list.status).toBe(0);
    expect(list.output()).toContain("Nobody waits.");

    const down = type("npx rockpool down", dataDir);
    expect(await down.status).toBe(0);
    expect(await server.status).toBe(0);
  });

  it("run the tests", { timeout: 120_000 }, async ({ expect }) => {
    const dataDir = temporaryFolder();
    onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
    const run = type(`${test} -- unit test/unit/readme.test.ts`, dataDir);
    expect(await run.status, run.output()).toBe(0);
    expect(run.output()).toMatch(/Tests {2}\d+ passed/);
  });
});

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, onTestFinished } from "vitest";
import { COMMANDS } from "../../../local-runtime/command.ts";
import { runRockpool } from "../../support/rockpool-process.ts";

const NAMES = Object.keys(COMMANDS);

function emptyFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), "rockpool-cli-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return join(dir, "data");
}

describe("the rockpool command", () => {
  it("lists every command with a line on what it does", async ({ expect }) => {
    const { status, stdout } = await runRockpool(["--help"]);
    expect(status).toBe(0);
    for (const name of NAMES) expect(stdout).toMatch(new RegExp(`^  ${name} .*\\w`, "m"));
  });

  it("without a word shows the same", async ({ expect }) => {
    expect((await runRockpool([])).stdout).toBe((await runRockpool(["--help"])).stdout);
  });

  it.for(NAMES)("%s explains itself and takes --json", async (name, { expect }) => {
    const { status, stdout } = await runRockpool([name, "--help"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(new RegExp(`^Usage: rockpool ${name}`));
    expect(stdout).toContain("--json");
  });

  it.for([
    [["frobnicate"], "unknown command 'frobnicate'"],
    [["version", "--frobnicate"], "unknown option '--frobnicate'"],
    [["version", "extra"], "too many arguments"],
  ] as const)("refuses %j with 64 and one line", async ([words, expected], { expect }) => {
    const { status, stdout, stderr } = await runRockpool([...words]);
    expect(status).toBe(64);
    expect(stdout).toBe("");
    expect(stderr.toLowerCase()).toContain(expected);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toMatch(/^rockpool: .* See `npx rockpool --help`/);
  });

  it.for([
    [["channel", "add", "fax", "--name", "main"], "There is no command `add fax`."],
    [["channel", "frob", "--json"], "There is no command `channel frob`."],
    [["channel", "--frob", "add"], "Unknown option '--frob'."],
  ] as const)("names what is wrong first in %j", async ([words, expected], { expect }) => {
    const { status, stdout, stderr } = await runRockpool([...words]);
    expect(status).toBe(64);
    expect(stdout + stderr).toContain(expected);
  });

  it("with --json answers an error as JSON, with what to do", async ({ expect }) => {
    const { status, stdout, stderr } = await runRockpool(["status", "--json"], {
      ROCKPOOL_DATA: emptyFolder(),
    });
    expect(status).toBe(69);
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual({
      error: {
        code: "server/not_running",
        message: "The server is not running.",
        fix: "Start it with `npm start`, then run this again.",
      },
    });
  });

  it("says that nothing runs when there is nothing to stop", async ({ expect }) => {
    const result = await runRockpool(["down", "--json"], { ROCKPOOL_DATA: emptyFolder() });
    expect(result).toMatchObject({ status: 0, stdout: '{"stopped":false}\n', stderr: "" });
  });

  it("prints its versions", async ({ expect }) => {
    const { stdout } = await runRockpool(["version", "--json"]);
    expect(JSON.parse(stdout)).toEqual({
      rockpool: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      workerd: expect.stringMatching(/^1\.\d+\.\d+$/),
      node: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    });
  });
});

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, onTestFinished } from "vitest";
import { copyProject } from "../support/project-copy.ts";
import { runRockpool } from "../support/rockpool-process.ts";

function newCopy(): { root: string; rename: (name: string) => void } {
  const root = copyProject();
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const source = join(root, "local-runtime", "commands", "version.ts");
  const text = readFileSync(source, "utf8");
  const rename = (name: string) =>
    writeFileSync(source, text.replace("print(`rockpool", `print(\`${name}`));
  return { root, rename };
}

describe("the bundled program", { timeout: 60_000 }, () => {
  it("is made at the first command, stands for the next, and never outlives its sources", async ({
    expect,
  }) => {
    const { root, rename } = newCopy();
    const first = await runRockpool(["version"], {}, { root });
    expect(first.stderr).toContain("bundled the program, the Worker and the console");
    expect(first.stdout).toContain("rockpool 0.");
    const next = await runRockpool(["version"], {}, { root });
    expect(next).toEqual({ ...first, stderr: "" });
    rename("another");
    expect((await runRockpool(["version"], {}, { root })).stdout).toContain("another 0.");
    rename("rockpool");
    expect((await runRockpool(["version"], {}, { root })).stdout).toBe(first.stdout);
  });

  it("gives way to its sources where it cannot be made", async ({ expect }) => {
    const { root, rename } = newCopy();
    await runRockpool(["version"], {}, { root });
    rename("another");
    writeFileSync(join(root, "src", "core", "broken.ts"), "export const a = ;");
    writeFileSync(join(root, "src", "index.ts"), 'import "./core/broken.ts";');
    const version = await runRockpool(["version"], {}, { root });
    expect(version).toMatchObject({ status: 0, stderr: "" });
    expect(version.stdout).toContain("another 0.");
    const up = await runRockpool(["up", "--json"], { ROCKPOOL_DATA: join(root, "data") }, { root });
    expect(up.status).toBe(70);
    expect(JSON.parse(up.stdout)).toMatchObject({
      error: {
        code: "build/failed",
        message: 'The Worker cannot be bundled: Unexpected ";" (src/core/broken.ts:1).',
      },
    });
  });
});

import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, onTestFinished } from "vitest";
import { openDevVars } from "../../../local-runtime/dev-vars.ts";

function newRoot(content?: string): { root: string; path: string } {
  const root = mkdtempSync(join(tmpdir(), "rockpool-dev-vars-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const path = join(root, ".dev.vars");
  if (content !== undefined) writeFileSync(path, content);
  return { root, path };
}

describe("the keys for development", () => {
  it("are made once, for their owner alone, and differ from each other", ({ expect }) => {
    const { root, path } = newRoot();
    const vars = openDevVars(root);
    expect(new Set(Object.values(vars)).size).toBe(3);
    for (const value of Object.values(vars)) expect(value).toMatch(/^[0-9a-f]{64}$/);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(openDevVars(root)).toEqual(vars);
  });

  it("replace what is no key, and leave a developer's own lines", ({ expect }) => {
    const key = "ab".repeat(32);
    const { root, path } = newRoot(`MASTER_KEY=${key}\nBOX_SECRET=short\nROCKPOOL_LOG=debug\n`);
    const vars = openDevVars(root);
    expect(vars.MASTER_KEY).toBe(key);
    expect(readFileSync(path, "utf8").trim().split("\n")).toEqual([
      `MASTER_KEY=${key}`,
      "ROCKPOOL_LOG=debug",
      `BOX_SECRET=${vars.BOX_SECRET}`,
      `DEV_ADMIN_TOKEN=${vars.DEV_ADMIN_TOKEN}`,
    ]);
  });
});

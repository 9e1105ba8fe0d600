import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, onTestFinished } from "vitest";
import { acquireLock, findHolder } from "../../../../local-runtime/supervisor/lock.ts";

const LOCK_MODULE = new URL("../../../../local-runtime/supervisor/lock.ts", import.meta.url).href;

function newFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), "rockpool-lock-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  mkdirSync(join(dir, "run"));
  return dir;
}

/** Another process that takes the lock and keeps it until it is killed. */
async function holdElsewhere(dir: string) {
  const program = `const { acquireLock } = await import(${JSON.stringify(LOCK_MODULE)});
    globalThis.lock = acquireLock(${JSON.stringify(dir)}, "up"); console.log("held"); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program]);
  onTestFinished(() => void child.kill("SIGKILL"));
  const outcome = await new Promise<string>((resolve) => {
    child.stdout.once("data", () => resolve("held"));
    child.once("exit", () => resolve("refused"));
  });
  const kill9 = async () => {
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("exit", resolve));
  };
  return { pid: child.pid ?? 0, outcome, kill9 };
}

describe("the lock of a data folder", () => {
  it("names the process that holds it, what it does and since when", async ({ expect }) => {
    const dir = newFolder();
    const { pid } = await holdElsewhere(dir);
    expect(findHolder(dir)).toMatchObject({ pid, purpose: "up" });
    expect(() => acquireLock(dir, "restore")).toThrow(
      expect.objectContaining({
        code: "data/in_use",
        exitStatus: 75,
        message: expect.stringMatching(
          new RegExp(
            `^The data folder ${dir} is in use by process ${pid} \\(rockpool up, since 20`,
          ),
        ),
      }),
    );
  });

  it("is free again when its holder is killed", async ({ expect }) => {
    const dir = newFolder();
    const holder = await holdElsewhere(dir);
    await holder.kill9();
    expect(findHolder(dir)).toBeUndefined();
    acquireLock(dir, "up").release();
  });

  it("is not held by a process that only has the number of a dead holder", ({ expect }) => {
    const dir = newFolder();
    writeFileSync(
      join(dir, "run", "holder.json"),
      JSON.stringify({ pid: process.ppid, purpose: "up", sinceMs: 1 }),
    );
    expect(findHolder(dir)).toBeUndefined();
    acquireLock(dir, "up").release();
  });

  it("goes to exactly one of many that want it at once", async ({ expect }) => {
    const dir = newFolder();
    const all = await Promise.all(Array.from({ length: 6 }, () => holdElsewhere(dir)));
    expect(all.filter(({ outcome }) => outcome === "held")).toHaveLength(1);
  });

  it("is given back", ({ expect }) => {
    const dir = newFolder();
    acquireLock(dir, "migrate").release();
    expect(findHolder(dir)).toBeUndefined();
  });

  it("is held by somebody without a name when the holder has not said it yet", async ({
    expect,
  }) => {
    const dir = newFolder();
    await holdElsewhere(dir);
    writeFileSync(join(dir, "run", "holder.json"), "{");
    expect(() => acquireLock(dir, "up")).toThrow(/is in use by another process\./);
  });

  it("is free where there is no folder", ({ expect }) => {
    expect(findHolder("/nonexistent/data")).toBeUndefined();
  });
});

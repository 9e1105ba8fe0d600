import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "vitest";
import { runBackup } from "../../local-runtime/backup/backup.ts";
import { finishRestore } from "../../local-runtime/backup/restore-swap.ts";
import { loadMasterKey } from "../../local-runtime/keys/master-key.ts";
import { createDataFolder, type TestFolder } from "../support/data-folder.ts";

const version = "0.1.0";
const NOW = { one: ["hello", "later"] };

/** A backup of `{one: [hello]}`, and a folder that has moved on since. */
async function createBackup(data: TestFolder): Promise<string> {
  const archive = join(data.outside, "backup.tar.gz");
  data.write("one", "hello");
  await runBackup({ folder: data.folder, archive, version });
  data.write("one", "later");
  return archive;
}

describe("a restore that is killed", () => {
  /** Answers false where it ran to its end. */
  function restoreKilledAt(call: number, data: TestFolder, archive: string): boolean {
    const support = join(import.meta.dirname, "../support/crash-at-call.ts");
    const module = (name: string) =>
      JSON.stringify(join(import.meta.dirname, `../../local-runtime/${name}.ts`));
    const program = `
      const { runRestore } = await import(${module("backup/restore")});
      const { dataFolderAt } = await import(${module("data-folder")});
      const folder = dataFolderAt(${JSON.stringify(data.folder.root)});
      const archive = ${JSON.stringify(archive)};
      await runRestore({ folder, archive, force: true, version: "${version}" });
    `;
    const result = spawnSync(
      process.execPath,
      ["--import", support, "--input-type=module", "-e", program],
      { env: { CRASH_AT_CALL: String(call) }, encoding: "utf8" },
    );
    if (result.status !== 0 && result.signal !== "SIGKILL") throw new Error(result.stderr);
    return result.signal === "SIGKILL";
  }

  it("is completed or undone as a whole by whoever works on the folder next", {
    timeout: 120_000,
  }, async ({ expect }) => {
    const outcomes = { undone: 0, completed: 0 };
    for (let call = 0, killed = true; killed; call += 1) {
      using data = createDataFolder();
      const archive = await createBackup(data);
      killed = restoreKilledAt(call, data, archive);
      // A start that comes between makes the folders that it misses.
      mkdirSync(data.folder.objects, { recursive: true });
      finishRestore(data.folder);
      expect(finishRestore(data.folder)).toBe(false);
      const now = data.read();
      const isUndone = now.one?.length === 2;
      expect(now).toEqual(isUndone ? NOW : { one: ["hello"] });
      expect(loadMasterKey(data.folder)).toBeDefined();
      expect(readdirSync(data.folder.root)).not.toContain(".restore");
      const kept = readdirSync(data.folder.root).filter((name) => name.includes("before-restore"));
      expect(kept).toHaveLength(isUndone ? 0 : 1);
      outcomes[isUndone ? "undone" : "completed"] += 1;
    }
    expect(outcomes.undone).toBeGreaterThan(3);
    expect(outcomes.completed).toBeGreaterThan(3);
  });
});

/** The built-in model server beside workerd: an answer of real tokens by `rockpool up`, and the ends of both. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { prepareDataFolder } from "../../local-runtime/data-folder.ts";
import {
  installEngine,
  unsupportedMachine,
} from "../../local-runtime/model-server/install-engine.ts";
import { loadModelServerState } from "../../local-runtime/model-server/run-state.ts";
import { ROOT, STORIES } from "../support/model-server-process.ts";
import {
  type RockpoolProcess,
  startRockpool,
  temporaryFolder,
  until,
} from "../support/rockpool-process.ts";

const machine = unsupportedMachine();
/** A short context means short answers. */
const START = { modelUrl: null, env: { ROCKPOOL_CONTEXT_TOKENS: "1024" } };
const KEY = "llama.context_length";

/** The story model, which states a longer context than it was made for: room for the system prompt. */
function writeStories(path: string): void {
  const bytes = readFileSync(STORIES);
  bytes.writeUInt32LE(4096, bytes.indexOf(KEY) + KEY.length + 4);
  writeFileSync(path, bytes);
}

function isRunning(pid: number | undefined): boolean {
  try {
    return pid !== undefined && process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe.skipIf(machine !== undefined)("a box without Ollama", () => {
  const dataDir = temporaryFolder();
  const folder = prepareDataFolder(dataDir);
  const elsewhere = temporaryFolder();
  let box: RockpoolProcess;

  beforeAll(async () => {
    await installEngine(ROOT, () => {});
    writeStories(join(elsewhere, "Stories.gguf"));
    box = await startRockpool({ ...START, dataDir });
  });
  afterAll(async () => {
    await box.discard();
    rmSync(dataDir, { recursive: true, force: true });
    rmSync(elsewhere, { recursive: true, force: true });
  });

  const modelPid = () => loadModelServerState(folder)?.pid;

  it("answers with a model of its own as soon as one is chosen", async ({ expect }) => {
    const used = await box.run(["model", "use", join(elsewhere, "Stories.gguf"), "--json"]);
    expect(used.status, used.stderr).toBe(0);
    expect(JSON.parse(used.stdout)).toEqual({
      model: "stories",
      server: "builtin",
      reloaded: true,
      warnings: [],
    });
    await until(() => modelPid() !== undefined, "the model server");
    const said = await box.run(["say", "--json", "Tell me a story"]);
    expect(said.status, said.stderr).toBe(0);
    expect(said.stdout).toMatch(/[a-z]+ [a-z]+ [a-z]+/);
    const status = await box.run(["status"]);
    expect(status.stdout).toContain("Model      stories:latest (built in, http://127.0.0.1:");
    expect(status.stdout).toContain(`${modelPid()} (model server)`);
    const doctor = await box.run(["doctor"]);
    expect(doctor.stdout).toMatch(/ok {4}Model server: built in, at http:\S+, with stories/);
  });

  it("says how fast it is", async ({ expect }) => {
    const bench = await box.run(["model", "bench", "--json"]);
    expect(bench.status, bench.stderr).toBe(0);
    const { promptTokensPerSecond, outputTokensPerSecond } = JSON.parse(bench.stdout);
    expect(promptTokensPerSecond).toBeGreaterThan(1);
    expect(outputTokensPerSecond).toBeGreaterThan(1);
  });

  it("gets the model server back after a crash", async ({ expect }) => {
    const killed = modelPid();
    if (killed === undefined) throw new Error(`no model server runs:\n${box.output()}`);
    process.kill(killed, "SIGKILL");
    await until(() => ![undefined, killed].includes(modelPid()), "another model server");
    const said = await box.run(["say", "--json", "Tell me another"]);
    expect(said.status, said.stderr).toBe(0);
  });

  it("leaves no model server behind when Rockpool is killed, or stopped", async ({ expect }) => {
    const orphan = modelPid();
    process.kill(box.pid, "SIGKILL");
    await until(() => !isRunning(orphan), "the end of the model server");
    box = await startRockpool({ ...START, dataDir });
    await until(() => isRunning(modelPid()) && modelPid() !== orphan, "the model server");
    const last = modelPid();
    const begunMs = performance.now();
    expect((await box.stop()).status).toBe(0);
    expect(performance.now() - begunMs).toBeLessThan(9_000);
    expect(isRunning(last)).toBe(false);
    expect(loadModelServerState(folder)).toBeUndefined();
  });
});

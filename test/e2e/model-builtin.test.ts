/** The built-in model server beside workerd: an answer of real tokens by `rockpool up`, and the ends of both. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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
  let box: RockpoolProcess;

  beforeAll(async () => {
    await installEngine(ROOT, () => {});
    mkdirSync(folder.models);
    writeStories(join(folder.models, "stories.gguf"));
    const models = [{ name: "stories", file: "stories.gguf" }];
    const chosen = { server: "builtin", name: "stories" };
    writeFileSync(folder.modelLibrary, JSON.stringify({ models, chosen }));
    box = await startRockpool({ ...START, dataDir });
  });
  afterAll(async () => {
    await box.discard();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const modelPid = () => loadModelServerState(folder)?.pid;

  it("answers with the built-in model, and says so", async ({ expect }) => {
    await until(() => modelPid() !== undefined, "the model server");
    const said = await box.run(["say", "--json", "Tell me a story"]);
    expect(said.status, said.stderr).toBe(0);
    expect(said.stdout).toMatch(/[a-z]+ [a-z]+ [a-z]+/);
    const status = await box.run(["status"]);
    expect(status.stdout).toContain("Model      stories:latest (built in, http://127.0.0.1:");
    expect(status.stdout).toContain(`${modelPid()} (model server)`);
  });

  it("gets the model server back after a crash", async ({ expect }) => {
    const killed = modelPid();
    process.kill(killed ?? 0, "SIGKILL");
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

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, onTestFinished, vi } from "vitest";
import { prepareDataFolder } from "../../../../local-runtime/data-folder.ts";
import {
  type KeeperEvent,
  ModelServerKeeper,
} from "../../../../local-runtime/model-server/keeper.ts";
import { loadModelServerState } from "../../../../local-runtime/model-server/run-state.ts";

const PORT = 12_345;
/** For a process to start, on a busy machine. */
const WAIT_MS = 20_000;
/** Says that it listens, as the model server does, and ends with its standard input. */
const LISTENS = `process.stdout.write(JSON.stringify({event: "listen", port: Number(process.argv[4])}) + "\\n");
process.stdin.resume().once("close", () => process.exit(0));`;

function keep(program: string) {
  const dir = mkdtempSync(join(tmpdir(), "rockpool-keeper-"));
  const folder = prepareDataFolder(join(dir, "data"));
  const file = join(dir, "program.mjs");
  writeFileSync(file, program);
  const events: KeeperEvent[] = [];
  const lines: string[] = [];
  const keeper = new ModelServerKeeper({
    root: dir,
    folder,
    port: PORT,
    program: file,
    onEvent: (event) => events.push(event),
    onLine: (line, stream) => lines.push(`${stream} ${line}`),
  });
  onTestFinished(async () => {
    await keeper.stop();
    rmSync(dir, { recursive: true, force: true });
  });
  const state = () => loadModelServerState(folder);
  return { keeper, events, lines, state };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("the keeper of the model server", () => {
  it("starts it when it is wanted, and ends it when it is not", async ({ expect }) => {
    const { keeper, events, state } = keep(LISTENS);
    expect(state()).toBeUndefined();
    keeper.want("small");
    expect(state()).toEqual({ url: `http://127.0.0.1:${PORT}`, model: "small" });
    await vi.waitUntil(() => state()?.pid !== undefined, WAIT_MS);
    expect(events).toEqual([
      { type: "host:model_server_started", url: keeper.url, startMs: expect.any(Number) },
    ]);
    const pid = state()?.pid;
    if (pid === undefined) throw new Error("it does not run");
    keeper.want("other");
    expect(state()).toEqual({ url: keeper.url, model: "other", pid });
    await keeper.stop();
    expect(isRunning(pid)).toBe(false);
    expect(state()).toBeUndefined();
  });

  it("starts it again when it was killed", async ({ expect }) => {
    const { keeper, events, state } = keep(LISTENS);
    keeper.want("small");
    await vi.waitUntil(() => state()?.pid !== undefined, WAIT_MS);
    const first = state()?.pid;
    if (first === undefined) throw new Error("it does not run");
    process.kill(first, "SIGKILL");
    await vi.waitUntil(() => ![undefined, first].includes(state()?.pid), WAIT_MS);
    expect(events[1]).toEqual({
      type: "host:model_server_ended",
      reason: "the model server ended by SIGKILL",
      delayMs: 0,
    });
  });

  it("waits longer each time it ends at once, and stops within the wait", async ({ expect }) => {
    const { keeper, events, lines } = keep('console.error("no such model"); process.exit(3);');
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    keeper.want("small");
    await vi.waitUntil(() => events.length === 3, WAIT_MS);
    await keeper.stop(); // time stands still from here on
    const delays = events.map((event) =>
      event.type === "host:model_server_ended" ? [event.reason, event.delayMs] : [],
    );
    const reason = "the model server ended with status 3";
    expect(delays.slice(0, 3)).toEqual([
      [reason, 0],
      [reason, 100],
      [reason, 200],
    ]);
    expect(lines[0]).toBe("stderr no such model");
  });
});

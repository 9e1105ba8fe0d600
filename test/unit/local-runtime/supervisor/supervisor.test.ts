import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, onTestFinished, vi } from "vitest";
import { prepareDataFolder } from "../../../../local-runtime/data-folder.ts";
import { loadRunState } from "../../../../local-runtime/supervisor/run-state.ts";
import {
  Supervisor,
  type SupervisorEvent,
} from "../../../../local-runtime/supervisor/supervisor.ts";

const SERVES = `printf '{"event":"listen","socket":"http","port":1}\\n{"event":"listen","socket":"admin","port":0}\\n' >&3`;

/** A supervisor of a program in workerd's place. Its time stands still but for what `onWait` does in each wait. */
function supervise(program: string, onWait: (delayMs: number, supervisor: Supervisor) => void) {
  const dir = mkdtempSync(join(tmpdir(), "rockpool-supervisor-"));
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => {
    vi.useRealTimers();
    rmSync(dir, { recursive: true, force: true });
  });
  const binary = join(dir, "program");
  writeFileSync(binary, `#!/bin/sh\n${program}\n`, { mode: 0o700 });
  const folder = prepareDataFolder(join(dir, "data"));
  const events: SupervisorEvent[] = [];
  const supervisor = new Supervisor({
    binary,
    configFile: "unused",
    folder,
    adminSocket: "unused",
    sockets: [],
    addresses: () => ({ url: "http://127.0.0.1:1", pageUrl: "http://localhost:1" }),
    prepare: () => {},
    announceEnd: async () => {},
    onLine: () => {},
    onEvent: (event) => {
      events.push(event);
      if (event.type === "host:restarting") setImmediate(() => onWait(event.delayMs, supervisor));
    },
  });
  return { supervisor, events, dataDir: folder.root };
}

const passAtOnce = (delayMs: number) => vi.advanceTimersByTime(delayMs);

describe("a workerd that keeps ending", () => {
  it("is given up after ten quick ends, with the reason", async ({ expect }) => {
    const { supervisor, events, dataDir } = supervise(`${SERVES}; exit 3`, passAtOnce);
    let greeted = 0;
    await expect(
      supervisor.run(() => {
        greeted += 1;
      }),
    ).rejects.toMatchObject({
      code: "workerd/keeps_crashing",
      exitStatus: 70,
      message: expect.stringContaining("The last reason: workerd ended with status 3."),
    });
    const delays = events.flatMap((event) =>
      event.type === "host:restarting" ? [event.delayMs] : [],
    );
    expect(delays).toEqual([0, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
    const generations = events.flatMap((event) =>
      event.type === "host:serving" ? [event.generation] : [],
    );
    expect(generations).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(greeted).toBe(1);
    expect(loadRunState(dataDir)).toBeUndefined();
  });

  it("before it has served once is not started again", async ({ expect }) => {
    const { supervisor, events } = supervise("echo 'no such option' >&2; exit 1", passAtOnce);
    await expect(supervisor.run(() => {})).rejects.toMatchObject({
      code: "workerd/start_failed",
      message: "workerd did not start: no such option.",
    });
    expect(events).toEqual([]);
  });

  it("because it cannot be run at all says so", async ({ expect }) => {
    const { supervisor } = supervise("exec /nonexistent/program", passAtOnce);
    await expect(supervisor.run(() => {})).rejects.toMatchObject({ code: "workerd/start_failed" });
  });

  it("is not started again when it is to stop during the wait", async ({ expect }) => {
    const { supervisor, events } = supervise(`${SERVES}; exit 3`, (delayMs, running) => {
      if (delayMs > 0) running.stop();
    });
    await supervisor.run(() => {});
    expect(events.slice(-2)).toEqual([
      { type: "host:restarting", reason: "workerd ended with status 3", delayMs: 100 },
      { type: "host:stopping" },
    ]);
  });
});

/** From the command to the first healthy answer, for workerd itself and for `npm start`; and the memory of a box at rest. */
import { spawn } from "node:child_process";
import { get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { dataFolderAt } from "../../../local-runtime/data-folder.ts";
import { configFile, writeConfig } from "../../../local-runtime/supervisor/run-files.ts";
import { loadRunState } from "../../../local-runtime/supervisor/run-state.ts";
import { findWorkerd } from "../../../local-runtime/supervisor/workerd-binary.ts";
import { WorkerdProcess } from "../../../local-runtime/supervisor/workerd-process.ts";
import type { Bench } from "../bench.ts";
import { planRun, ROOT } from "../box-plan.ts";
import { atMost, type Figure } from "../figures.ts";
import { findFreePort } from "../free-port.ts";
import type { Plan } from "../plan.ts";
import { descendants, residentBytes, settle } from "../process-figures.ts";
import { median } from "../stats.ts";
import { WrongMeasurement } from "../wrong-measurement.ts";
import { MEGABYTE } from "./memory.ts";

const POLL_MS = 2;
const START_TIMEOUT_MS = 60_000;
const DRAIN_MS = 2_000;
/** The start screen is a process of its own; by then it is gone. */
const AT_REST_MS = 1_500;

interface Start {
  tookMs: number;
  workerdBytes: number;
  allBytes: number;
}

/** To be run when no box serves the folder. */
export async function measureStarts(bench: Bench, plan: Plan): Promise<Figure[]> {
  const workerdMs: number[] = [];
  const starts: Start[] = [];
  await timeNpmStart(bench);
  for (let index = 0; index < plan.starts; index += 1) {
    workerdMs.push(await timeWorkerd(bench));
    starts.push(await timeNpmStart(bench));
  }
  const middle = (pick: (start: Start) => number) => median(starts.map(pick));
  return [
    {
      what: "workerd: spawn to the first healthy answer",
      value: median(workerdMs),
      unit: "ms",
      target: atMost("value", 150),
    },
    {
      what: "npm start (warm): command to the first healthy answer",
      value: middle((start) => start.tookMs),
      unit: "ms",
      target: atMost("value", 500),
    },
    {
      what: "workerd's memory, idle",
      value: middle((start) => start.workerdBytes) / MEGABYTE,
      unit: "MB",
      target: atMost("value", 100),
    },
    {
      what: "memory of all processes but npm itself, idle",
      value: middle((start) => start.allBytes) / MEGABYTE,
      unit: "MB",
      target: atMost("value", 160),
    },
  ];
}

async function timeWorkerd(bench: Bench): Promise<number> {
  const folder = dataFolderAt(bench.dataDir);
  const port = await findFreePort();
  const plan = planRun(folder, bench.environment.ROCKPOOL_MODEL_URL ?? "", bench.worker);
  writeConfig(
    plan,
    { prepare: () => [{ name: "http", host: plan.options.HOST, port }] },
    { present: folder.masterKey },
  );
  const beganMs = performance.now();
  const workerd = new WorkerdProcess({
    binary: findWorkerd(ROOT),
    configFile: configFile(folder),
    dataDir: folder.root,
    sockets: [],
    onLine: () => undefined,
  });
  const kill = () => workerd.kill();
  process.once("exit", kill);
  try {
    const started = await workerd.started;
    if (!started.ok) throw new WrongMeasurement(`workerd did not start: ${started.stderr}`);
    await waitUntilHealthy(port);
    return performance.now() - beganMs;
  } finally {
    process.off("exit", kill);
    await workerd.stop(DRAIN_MS);
  }
}

async function timeNpmStart(bench: Bench): Promise<Start> {
  const port = await findFreePort();
  const { PATH = "", HOME = "" } = process.env;
  const env = { PATH, HOME, ...bench.environment, PORT: String(port) };
  const beganMs = performance.now();
  const npm = spawn("npm", ["start"], { cwd: ROOT, env, stdio: ["ignore", "ignore", "inherit"] });
  const ended = new Promise((resolve) => npm.once("exit", resolve));
  const stop = () => {
    const state = loadRunState(bench.dataDir);
    if (state) process.kill(state.pid, "SIGTERM");
    else npm.kill("SIGTERM");
  };
  process.once("exit", stop);
  try {
    await waitUntilHealthy(port);
    const tookMs = performance.now() - beganMs;
    await sleep(AT_REST_MS);
    const state = loadRunState(bench.dataDir);
    if (!state || npm.pid === undefined) throw new WrongMeasurement("npm start is gone.");
    await settle(state.workerdPid);
    const processes = descendants(npm.pid);
    return {
      tookMs,
      workerdBytes: residentBytes(state.workerdPid),
      allBytes: processes.reduce((sum, pid) => sum + residentBytes(pid), 0),
    };
  } finally {
    process.off("exit", stop);
    stop();
    await ended;
  }
}

async function waitUntilHealthy(port: number): Promise<void> {
  const endMs = performance.now() + START_TIMEOUT_MS;
  while (!(await isHealthy(port))) {
    if (performance.now() > endMs) throw new WrongMeasurement("The server does not serve.");
    await sleep(POLL_MS);
  }
}

function isHealthy(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const call = get({ host: "127.0.0.1", port, path: "/healthz", agent: false }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode === 200));
    });
    call.on("error", () => resolve(false));
  });
}

/**
 * `npm run bench`: measures Rockpool against what workerd itself gives, all in one run on loopback. `--quick` only shows
 * that it works, `--json <file>` keeps the figures. `--leak` measures one thing only: whether memory grows over 50,000 turns. A missed target is a result; a lost message is a failure.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bundle } from "../../local-runtime/bundle.ts";
import { workerdVersion } from "../../local-runtime/versions.ts";
import { Bench, type Box } from "./bench.ts";
import { ROOT } from "./box-plan.ts";
import { bundleWorker } from "./bundle-worker.ts";
import { type Figure, isMet } from "./figures.ts";
import { FULL, type Plan, QUICK } from "./plan.ts";
import { measureAccept } from "./scenarios/accept.ts";
import { measureAccessTokens } from "./scenarios/access-tokens.ts";
import { measureApiStreams } from "./scenarios/api-streams.ts";
import { measureAudit } from "./scenarios/audit.ts";
import { measureConnections } from "./scenarios/connections.ts";
import { measureGate } from "./scenarios/gate.ts";
import { fillHistories, measureHistory } from "./scenarios/history.ts";
import { measureLatency } from "./scenarios/latency.ts";
import { measureLeak } from "./scenarios/leak.ts";
import { measureMemory } from "./scenarios/memory.ts";
import { measureSeal } from "./scenarios/seal.ts";
import { measureStarts } from "./scenarios/start.ts";
import { measureSwitch } from "./scenarios/switch.ts";
import { measureTurns } from "./scenarios/turns.ts";
import { renderTable } from "./table.ts";

function say(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}

async function step<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
  const beganMs = performance.now();
  const result = await work();
  say(`${what}: ${((performance.now() - beganMs) / 1000).toFixed(1)} s`);
  return result;
}

async function measureServing(bench: Bench, box: Box, plan: Plan): Promise<Figure[]> {
  await bench.addAccount();
  const memory = await step("memory", () => measureMemory(bench, box, plan));
  const accept = await step("webhooks", () => measureAccept(bench, box, plan));
  const turns = await step("turns", () => measureTurns(bench, box, plan));
  const latency = await step("latency", () => measureLatency(bench, box, plan));
  const switches = await step("switches", () => measureSwitch(bench, box, plan));
  const history = await step("history", () => measureHistory(bench, box, plan));
  const connections = await step("open pages", () => measureConnections(bench, box, plan));
  const tokens = await step("access tokens", () => measureAccessTokens(box));
  const api = await step("API", () => measureApiStreams(bench, box, plan));
  await bench.rest(box);
  await bench.verifyAnswers();
  const audit = await step("audit log", () => measureAudit(plan));
  return [
    ...connections,
    ...tokens,
    ...api,
    ...accept,
    ...turns,
    ...latency,
    ...switches,
    ...history,
    ...memory,
    ...audit,
  ];
}

async function measureAll(folder: string, plan: Plan): Promise<Figure[]> {
  const bundles = {
    worker: bundle(ROOT),
    history: bundleWorker("history.worker.ts", folder),
    gate: bundleWorker("gate.worker.ts", folder),
    seal: bundleWorker("seal.worker.ts", folder),
    floor: bundleWorker("floor.worker.ts", folder),
  };
  const bench = new Bench(folder, bundles);
  try {
    await bench.prepare();
    const gate = await step("gate", () => measureGate(bench, plan));
    const seal = await step("seal", () => measureSeal(bench));
    const prompts = await step("histories", () => fillHistories(bench, plan));
    const box = await bench.startBox();
    const serving = await measureServing(bench, box, plan).finally(() => box.stop());
    const starts = await step("starts", () => measureStarts(bench, plan));
    return [...serving, ...prompts, ...starts, ...gate, ...seal];
  } finally {
    await bench.close();
  }
}

async function measureLeakAlone(folder: string, plan: Plan): Promise<Figure[]> {
  const floor = bundleWorker("floor.worker.ts", folder);
  const bench = new Bench(folder, { worker: bundle(ROOT), history: "", gate: "", seal: "", floor });
  try {
    await bench.prepare();
    const box = await bench.startBox();
    try {
      await bench.addAccount();
      const leak = { turns: plan.leakTurns, chats: plan.leakChats, say };
      return await step("leak", () => measureLeak(bench, box, leak));
    } finally {
      await box.stop();
    }
  } finally {
    await bench.close();
  }
}

const { values: flags } = parseArgs({
  options: {
    leak: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    json: { type: "string" },
  },
});
const folder = mkdtempSync(join(tmpdir(), "rockpool-bench-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
try {
  const [load = 0] = loadavg();
  const beganAt = new Date();
  const figures = await (flags.leak ? measureLeakAlone : measureAll)(
    folder,
    flags.quick ? QUICK : FULL,
  );
  const { model } = cpus()[0] ?? { model: "unknown" };
  const machine = { processors: cpus().length, model, loadBefore: load };
  say(`${machine.processors} × ${model}, load before the run ${load.toFixed(2)}`);
  console.log(renderTable(figures));
  const result = {
    at: beganAt.toISOString(),
    seconds: (Date.now() - beganAt.getTime()) / 1000,
    quick: flags.quick,
    machine,
    workerd: workerdVersion(ROOT),
    node: process.version,
    figures: figures.map((figure) => ({ ...figure, met: isMet(figure) })),
  };
  if (flags.json !== undefined)
    writeFileSync(flags.json, `${JSON.stringify(result, undefined, 2)}\n`);
} catch (error) {
  say(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  process.exitCode = 1;
}

/**
 * `npm run bench`: measures Rockpool against what workerd itself gives, all in one run on loopback. `--quick` only shows
 * that it works, `--json <file>` keeps the figures. `--leak` measures one thing only: whether memory grows over 50,000 turns, in some twenty minutes. A missed target is a result; a lost message is a failure.
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
import { measureAuditAppend, measureAuditVerify } from "./scenarios/audit.ts";
import { measureConnections } from "./scenarios/connections.ts";
import { measureErasure } from "./scenarios/erasure.ts";
import { measureGate } from "./scenarios/gate.ts";
import { fillHistories, measureHistory } from "./scenarios/history.ts";
import { measureLatency } from "./scenarios/latency.ts";
import { measureLeak } from "./scenarios/leak.ts";
import { measureMemory } from "./scenarios/memory.ts";
import { measurePermissionChecks } from "./scenarios/permission-checks.ts";
import { measureRefused } from "./scenarios/refused.ts";
import { measureSeal } from "./scenarios/seal.ts";
import { measureStarts } from "./scenarios/start.ts";
import { measureSwitch } from "./scenarios/switch.ts";
import { measureTurns } from "./scenarios/turns.ts";
import { renderTable } from "./table.ts";

function say(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}

/** Says how long it took: a run takes minutes. */
async function step(figures: Figure[], what: string, work: () => Promise<Figure[]>): Promise<void> {
  const beganMs = performance.now();
  figures.push(...(await work()));
  say(`${what}: ${((performance.now() - beganMs) / 1000).toFixed(1)} s`);
}

/** What only a new box shows comes first; what leaves much behind comes last. */
async function measureServing(bench: Bench, box: Box, plan: Plan, figures: Figure[]) {
  await bench.addAccount();
  await step(figures, "memory", () => measureMemory(bench, box, plan));
  await step(figures, "webhooks", () => measureAccept(bench, box, plan));
  await step(figures, "forged webhooks", () => measureRefused(bench, box, plan));
  await step(figures, "turns", () => measureTurns(bench, box, plan));
  await step(figures, "latency", () => measureLatency(bench, box, plan));
  await step(figures, "switches", () => measureSwitch(bench, box, plan));
  await step(figures, "history", () => measureHistory(bench, box, plan));
  await step(figures, "open pages", () => measureConnections(bench, box, plan));
  await step(figures, "access tokens", () => measureAccessTokens(box));
  await step(figures, "API", () => measureApiStreams(bench, box, plan));
  await bench.rest(box);
  await bench.verifyAnswers();
  await step(figures, "audit log verified", () => measureAuditVerify(plan));
}

async function measureAll(folder: string, plan: Plan, figures: Figure[]): Promise<void> {
  const bundles = {
    worker: bundle(ROOT),
    history: bundleWorker("history.worker.ts", folder),
    gate: bundleWorker("gate.worker.ts", folder),
    seal: bundleWorker("seal.worker.ts", folder),
    audit: bundleWorker("audit.worker.ts", folder),
    erasure: bundleWorker("erasure.worker.ts", folder),
    floor: bundleWorker("floor.worker.ts", folder),
  };
  const bench = new Bench(folder, bundles);
  try {
    await bench.prepare();
    await step(figures, "gate", () => measureGate(bench, plan));
    await step(figures, "permissions", measurePermissionChecks);
    await step(figures, "seal", () => measureSeal(bench));
    await step(figures, "audit log", () => measureAuditAppend(bench, plan));
    await step(figures, "histories", () => fillHistories(bench, plan));
    const box = await bench.startBox();
    await measureServing(bench, box, plan, figures).finally(() => box.stop());
    await step(figures, "starts", () => measureStarts(bench, plan));
    await step(figures, "erasure", () => measureErasure(bench, plan));
  } finally {
    await bench.close();
  }
}

async function measureLeakAlone(folder: string, plan: Plan, figures: Figure[]): Promise<void> {
  const floor = bundleWorker("floor.worker.ts", folder);
  const others = { history: "", gate: "", seal: "", audit: "", erasure: "" };
  const bench = new Bench(folder, { worker: bundle(ROOT), ...others, floor });
  try {
    await bench.prepare();
    const box = await bench.startBox();
    try {
      await bench.addAccount();
      const { leakDays: days, leakTurns: turns, leakChats: chats } = plan;
      await step(figures, "leak", () => measureLeak(bench, box, { days, turns, chats, say }));
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
const plan = flags.quick ? QUICK : FULL;
const figures: Figure[] = [];
const [loadBefore = 0] = loadavg();
const beganAt = new Date();
try {
  await (flags.leak ? measureLeakAlone : measureAll)(folder, plan, figures);
} catch (error) {
  say(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  process.exitCode = 1;
}
// Also of a run that failed: what was measured before took minutes.
const { model } = cpus()[0] ?? { model: "unknown" };
const machine = { processors: cpus().length, model, loadBefore };
say(`${machine.processors} × ${model}, load before the run ${loadBefore.toFixed(2)}`);
console.log(renderTable(figures));
if (flags.json !== undefined) {
  const result = {
    at: beganAt.toISOString(),
    seconds: (Date.now() - beganAt.getTime()) / 1000,
    quick: flags.quick,
    isWhole: process.exitCode === undefined,
    machine,
    workerd: workerdVersion(ROOT),
    node: process.version,
    figures: figures.map((figure) => ({ ...figure, met: isMet(figure) })),
  };
  writeFileSync(flags.json, `${JSON.stringify(result, undefined, 2)}\n`);
}

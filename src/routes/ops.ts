/** For machines that watch: /healthz (the process answers), /readyz (it can do its work), /metrics. */
import { Hono } from "hono";
import type { GateState } from "../core/gate-protocol.ts";
import { openDirectory } from "../do/directory/directory-client.ts";
import { checkGauges } from "../do/hear-checks.ts";
import { canStore } from "../do/intake/storage-health.ts";
import { openModel } from "../do/isolate.ts";
import type { HttpEnv } from "../http/middleware.ts";
import { openToAll } from "../http/permission.ts";
import { renderMetrics } from "../observability/metrics.ts";

interface Check {
  name: string;
  ok: boolean;
}

async function check(name: string, work: () => Promise<unknown>): Promise<Check> {
  try {
    await work();
    return { name, ok: true };
  } catch {
    return { name, ok: false }; // the page of a machine: what failed is said, why stands in the log
  }
}

function gateGauges({ slots, busy, waiting }: GateState = { slots: 0, busy: 0, waiting: 0 }) {
  return [
    {
      name: "rockpool_gate_queue_length",
      help: "Calls in line for the model server.",
      value: waiting,
    },
    { name: "rockpool_gate_slots", help: "Slots of the model server.", value: slots },
    {
      name: "rockpool_gate_slots_busy",
      help: "Slots in use, those of calls that were just cut off among them.",
      value: busy,
    },
  ];
}

export const ops = new Hono<HttpEnv>()
  .get("/healthz", openToAll, (c) =>
    c.json({ status: "ok", version: c.env.ROCKPOOL_VERSION ?? "dev" }),
  )
  .get("/readyz", openToAll, async (c) => {
    const checks = await Promise.all([
      check("database", () => c.env.DB.prepare("SELECT count(*) FROM data_keys").first()),
      check("directory", () => openDirectory(c.env).counts()),
    ]);
    checks.push({ name: "storage", ok: canStore(Date.now()) });
    const ready = checks.every((item) => item.ok);
    return c.json({ status: ready ? "ready" : "not_ready", checks }, ready ? 200 : 503);
  })
  .get("/metrics", openToAll, async (c) => {
    const counts = await openDirectory(c.env).counts();
    const state = await openModel(c.env).state();
    const text = renderMetrics([
      { name: "rockpool_people", help: "People who may write.", value: counts.people },
      {
        name: "rockpool_pending_pairings",
        help: "Strangers who wait for an answer.",
        value: counts.pendingPairings,
      },
      {
        name: "rockpool_journal_backlog_rows",
        help: "Log rows that were handed over and are not in D1 yet.",
        value: await c.env.JOURNAL.getByName("journal").backlog(),
      },
      {
        name: "rockpool_model_server_up",
        help: "1 where the model server answers.",
        value: state.status === "up" ? 1 : 0,
      },
      ...gateGauges(state.queue),
      ...checkGauges(),
    ]);
    return c.body(text, 200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
  });

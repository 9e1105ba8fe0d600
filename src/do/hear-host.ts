/** What becomes of the host's reports: the router knows of the memory, and the model is warmed up where somebody needs it. */
import type { HostReport } from "../core/admin-protocol.ts";
import { errorCode } from "../core/errors.ts";
import { loadLastTurnAtMs } from "../db/last-turn.ts";
import type { Env } from "../env.ts";
import { decideWarmUp } from "../models/router/warm-up.ts";
import { emit } from "../observability/emit.ts";
import { describeError } from "../observability/redact.ts";
import { listGrants } from "../security/egress.ts";
import { openAudit } from "./audit/audit-client.ts";
import { openModel, openOptions } from "./isolate.ts";

/** Settles when the model is warm, or will not be: never throws. */
export async function hearHost(env: Env, { isStart, freePercent }: HostReport): Promise<void> {
  const model = openModel(env);
  model.pressure.tell(freePercent);
  if (isStart) await recordStart(env);
  const startedAtMs = Date.now();
  try {
    const when = openOptions(env).ROCKPOOL_MODEL_WARM;
    const lastTurnAtMs = when === "used" ? await loadLastTurnAtMs(env.DB) : undefined;
    if (!decideWarmUp({ when, isStart, lastTurnAtMs, nowMs: startedAtMs })) return;
    await model.warmUp();
    emit({ type: "model:warmed", ms: Date.now() - startedAtMs });
  } catch (error) {
    const code = errorCode(error);
    emit({ type: "model:not_warmed", code, cause: describeError(error) });
  }
}

/** Where that fails, the start goes on: the box is worth more than the entry of its start. */
async function recordStart(env: Env): Promise<void> {
  try {
    const options = Object.entries(openOptions(env)).map(([name, value]) => [name, String(value)]);
    await openAudit(env).started({
      version: env.ROCKPOOL_VERSION ?? "dev",
      options: Object.fromEntries(options),
      allowed: listGrants(env.EGRESS),
    });
  } catch (error) {
    const code = errorCode(error);
    emit({ type: "fault", where: "audit:start", code, cause: describeError(error) });
  }
}

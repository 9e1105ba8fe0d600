/** What it costs to answer with another model than the last time, beside the model server's own time for it. */
import * as v from "valibot";
import { callAdmin, findServer } from "../../../local-runtime/admin/admin-client.ts";
import type { Bench, Box } from "../bench.ts";
import { clockMs } from "../clock.ts";
import { atMost, type Figure } from "../figures.ts";
import { Caller } from "../load.ts";
import type { Plan } from "../plan.ts";
import { median } from "../stats.ts";

/** Each is asked twice before the other: the first time is the switch. */
const MODELS = ["chat:3b", "tiny:latest"];

async function openApi(bench: Bench, { url }: Box): Promise<Caller> {
  const body = { name: "switch", scopes: ["chat"] };
  const reply = v.object({ key: v.string() });
  const { adminSocket } = findServer(bench.dataDir);
  const { key } = await callAdmin(adminSocket, { method: "POST", path: "/api-keys", body, reply });
  return new Caller(url, { authorization: `Bearer ${key}` });
}

async function ask(api: Caller, model: string): Promise<number> {
  const chat = { model, messages: [{ role: "user", content: "hi" }], max_tokens: 1 };
  const body = Buffer.from(JSON.stringify(chat));
  const startedAtMs = clockMs();
  await api.post({ path: "/v1/chat/completions", body });
  return clockMs() - startedAtMs;
}

export async function measureSwitch(bench: Bench, box: Box, plan: Plan): Promise<Figure[]> {
  const api = await openApi(bench, box);
  const switchedMs: number[] = [];
  const stayedMs: number[] = [];
  try {
    for (const model of MODELS) await ask(api, model);
    for (let round = 0; round < plan.switches; round += 1) {
      const model = MODELS[round % MODELS.length] ?? "";
      switchedMs.push(await ask(api, model));
      stayedMs.push(await ask(api, model));
    }
  } finally {
    api.close();
  }
  // What both took at the model server is of no account here.
  await bench.takeModelTimes();
  const what = `another model than the last time, above the same one's ${median(stayedMs).toFixed(1)} ms`;
  return [
    {
      what,
      value: median(switchedMs) - median(stayedMs),
      unit: "ms",
      target: atMost("value", 5),
    },
  ];
}

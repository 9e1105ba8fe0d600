/** Walks rows of the matrix of faults: each by each of the four ways, with the servers that the box is opened with. */
import { afterAll, beforeAll, describe, it, vi } from "vitest";
import { phrase } from "../../src/phrases/phrase.ts";
import type { FakeFault } from "./fake-ollama-settings.ts";
import {
  type ApiAnswer,
  askApi,
  type BoxServers,
  breakMain,
  healMain,
  type Listener,
  openFaultBox,
  openPage,
  openProgram,
  untilNobodyIsServed,
} from "./fault-box.ts";
import type { Fate, FaultRow } from "./fault-matrix.ts";
import { until } from "./scripted-model.ts";

/** Eight tokens of an echo. */
const QUESTION = "what do seven wizards brew at night?";
const ANSWER = `echo: ${QUESTION}`;
const VALUES = { hours: 24, model: "tiny:latest" };

function describeRow(fault: FakeFault, row: FaultRow, servers: BoxServers) {
  const settings = { ...row.settings, fault };
  return { what: `${JSON.stringify(row.settings)} ${fault}`, settings, fate: row[servers] };
}

/** What somebody reads in the end, and what of it was kept. */
function expectedOf(fate: Fate): { said: string[]; kept: object[] } {
  const user = { role: "user", text: QUESTION };
  const whole = { role: "assistant", text: ANSWER };
  if (fate.kind === "whole") return { said: [ANSWER], kept: [user, whole] };
  const text = phrase("en", fate.phrase, VALUES);
  if (fate.kind === "wordless") return { said: [text], kept: [user, { role: "assistant", text }] };
  if (fate.kind === "failed")
    return { said: [text], kept: [user, { role: "assistant", text, cut: "error" }] };
  return { said: [text, ANSWER], kept: [user, { role: "assistant", text }, whole] };
}

/** A stream that began has shown what came before its failure; an answer in one piece is whole or not there. */
function expectedOfApi(fate: Fate, stream: boolean): Partial<ApiAnswer> {
  if (fate.kind === "whole") return { status: 200, text: ANSWER, finished: 1 };
  if (fate.kind === "wordless") return { status: 200, text: "", finished: 1 };
  const shown = stream && fate.kind === "failed" ? fate.afterTokens : 0;
  const text = (ANSWER.match(/\s*\S+/g) ?? []).slice(0, shown).join("");
  // The API has a word of its own for a model that is not there.
  const code = fate.code === "model/missing" ? "model_not_found" : fate.code;
  return { text, finished: 0, code };
}

async function readEnd(listener: Listener) {
  const kept = (await listener.history()).map(({ role, text, cut }) => ({
    role,
    text,
    ...(cut ? { cut } : {}),
  }));
  return { said: listener.said(), kept };
}

export function walkFaults(
  servers: BoxServers,
  faults: readonly [FakeFault, FaultRow][],
  options: Record<string, string> = {},
): void {
  beforeAll(() => openFaultBox(servers, options));
  afterAll(() => {
    vi.unstubAllGlobals();
  });

  const rows = faults.map(([fault, row]) => describeRow(fault, row, servers));

  describe("somebody whose model server goes wrong", () => {
    it.for(rows)(
      "has one answer or one explanation, on a page and by a call: $what",
      async ({ settings, fate }, { expect }) => {
        await healMain();
        await breakMain(settings);
        const expected = expectedOf(fate);
        const listeners = [await openPage(), openProgram()];
        await Promise.all(listeners.map(({ say }) => say(QUESTION)));
        for (const { said } of listeners) {
          await until(() => said().length > 0);
          expect(said()).toEqual(expected.said.slice(0, 1));
        }
        await untilNobodyIsServed();
        if (fate.kind === "kept") {
          await healMain();
          for (const { said } of listeners) await until(() => said().length > 1);
        }
        for (const listener of listeners) expect(await readEnd(listener)).toEqual(expected);
        await untilNobodyIsServed();
      },
    );

    it.for(rows)(
      "has one answer or one failure by the API, streamed or whole: $what",
      async ({ settings, fate }, { expect }) => {
        await healMain();
        await breakMain(settings);
        const ask = async (stream: boolean) =>
          expect(await askApi(QUESTION, stream)).toMatchObject(expectedOfApi(fate, stream));
        await Promise.all([ask(true), ask(false)]);
        await untilNobodyIsServed();
      },
    );
  });
}

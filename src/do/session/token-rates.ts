/** What this conversation has learnt of its models' tokenizers: it depends on the language that is spoken, too. */
import type { SessionKey } from "../../core/ids.ts";
import { emit } from "../../observability/emit.ts";
import { isUndercounted, learnRate, raiseRate, type TokenCount } from "../../turn/token-rate.ts";
import type { Meta } from "./meta.ts";

export interface TokenRates {
  /** Undefined until the model has answered here. */
  of(model: string): number | undefined;
  note(count: TokenCount): void;
  /** After a chat that was too long for the model. False where the rate is as high as it gets. */
  raise(model: string): boolean;
}

/** Models remembered for a conversation; the one that has answered last stays longest. */
const MAX_MODELS = 8;
/** A smaller change is not worth a write. */
const WRITTEN_CHANGE = 0.02;

export function createTokenRates(meta: Meta, session: SessionKey): TokenRates {
  const all = () => meta.get("tokenRates") ?? {};
  const of = (model: string) => (Object.hasOwn(all(), model) ? all()[model] : undefined);
  function note(count: TokenCount): void {
    const { model, estimated, counted } = count;
    const rate = of(model);
    if (isUndercounted(rate, count))
      emit({ type: "prompt:undercounted", session, model, estimated, counted });
    const learnt = learnRate(rate, count);
    if (learnt === undefined || Math.abs(learnt - (rate ?? 0)) < WRITTEN_CHANGE) return;
    keep(model, learnt);
  }
  function raise(model: string): boolean {
    const rate = of(model);
    const raised = raiseRate(rate);
    if (raised !== rate) keep(model, raised);
    return raised !== rate;
  }
  function keep(model: string, rate: number): void {
    const others = Object.entries(all()).filter(([name]) => name !== model);
    meta.set("tokenRates", Object.fromEntries([...others.slice(1 - MAX_MODELS), [model, rate]]));
  }
  return { of, note, raise };
}

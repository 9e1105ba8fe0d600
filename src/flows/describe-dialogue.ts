/** What a dialogue knows of its person between two messages, in words: for the person's own export. Pure. */
import type { Lang } from "../phrases/phrase.ts";
import { findState } from "./definition.ts";
import type { Definition } from "./definition-schema.ts";
import type { Snapshot } from "./step.ts";
import { type Listener, renderAnswer, renderText, type Slots } from "./words.ts";

export interface DescribedDialogue {
  title: string;
  /** The question that waits for an answer; absent where none does. */
  asks?: string;
  /** In the order of the flow's questions. */
  answers: { question: string; answer: string }[];
}

export function describeDialogue(
  flow: Definition,
  { state, memory: { slots } }: Snapshot,
  listener: Listener,
): DescribedDialogue {
  const asked = (name: string) => {
    const found = findState(flow, name);
    return found && "ask" in found ? renderText(flow, found.ask, slots, listener) : undefined;
  };
  const asks = asked(state);
  const answers = Object.keys(flow.states).flatMap((name) => {
    const answer = Object.hasOwn(slots, name) ? answerOf(flow, name, slots, listener.lang) : "";
    return answer === "" ? [] : [{ question: asked(name) ?? name, answer }];
  });
  return { title: flow.title[listener.lang], ...(asks === undefined ? {} : { asks }), answers };
}

/** Words of the person as they are; what was chosen, by its name. */
function answerOf(flow: Definition, name: string, slots: Slots, lang: Lang): string {
  const state = findState(flow, name);
  const isNamed = state && "ask" in state && /^(choice|yesno)$/.test(state.accept.type);
  return isNamed ? renderAnswer(flow, name, slots, lang) : (slots[name] ?? "");
}

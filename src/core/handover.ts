/** A dialogue that was handed over to a person: who waits, who answers, and how it ends. Plain values. */
import type { PersonId, SessionKey, TurnId } from "./ids.ts";

/** Without a word of the people who answer for so long, the model takes over again: a weekend fits in. */
export const HANDOVER_MS = 72 * 3_600_000;

/** An answer of the desk has the length that a message may have. */
export const MAX_ANSWER_UNITS = 32_768;

/** Who answers, and the conversation in which he is told what comes next. */
export interface Desk {
  personId: PersonId;
  session: SessionKey;
}

/** Why one is over. `left`: by who was handed over. `full`: nobody could be given it. */
export type HandoverEnd = "given_back" | "left" | "timed_out" | "full";

export interface NewHandover {
  /** Of the turn that began it. */
  id: TurnId;
  session: SessionKey;
  personId: PersonId;
  flow: string;
}

export interface EndedHandover {
  id: TurnId;
  end: HandoverEnd;
  /** Who ended it; null for time. */
  by: PersonId | null;
}

/** One that waits, as the desk sees it. */
export interface HandoverSummary {
  number: number;
  name: string;
  channel: string;
  flow: string;
  openedAtMs: number;
  /** Name of who answered last; null until somebody did. */
  answeredBy: string | null;
}

/** What the desk has to say to one; the last word gives it back to the model. */
export interface DeskAnswer {
  handoverId: TurnId;
  /** Of the command or call that brings it: the same however often it is brought. */
  turnId: TurnId;
  /** Empty where nothing but its end is said. */
  text: string;
  isLast: boolean;
  by: Desk;
}

export interface DeskAnswered {
  status: "taken" | "over";
}

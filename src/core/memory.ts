/** What is remembered for a person, and what is to be brought to their mind, as tools and commands see it. Pure types. */
import type { Repeat } from "./repeat.ts";

/** Longest fact, and longest text of a reminder. */
export const MAX_FACT_UNITS = 500;
/** Facts kept for one person. */
export const MAX_FACTS = 200;
/** Reminders that may wait for one person in one conversation. */
export const MAX_REMINDERS = 50;

export interface Fact {
  /** The person's own count: never used twice. */
  number: number;
  text: string;
  atMs: number;
}

export type Remembered =
  | { status: "kept"; number: number }
  /** The same text was kept before. */
  | { status: "known"; number: number }
  | { status: "full" };

/** Of the person who speaks, and of nobody else. */
export interface Memory {
  /** The same key again replaces its text. */
  remember(key: string, text: string): Promise<Remembered>;
  /** Oldest first. */
  facts(): Promise<Fact[]>;
}

export interface Reminder {
  /** The conversation's own count: never used twice. */
  number: number;
  text: string;
  dueAtMs: number;
  /** Of one that comes again and again. */
  repeat?: Repeat;
}

/** Of the person who speaks, in this conversation. */
export interface Reminders {
  /** False where too many wait. It is set when the turn is stored. */
  add(text: string, dueAtMs: number, repeat?: Repeat): Promise<boolean>;
  /** The next one first, without those that this turn adds. */
  list(): Promise<Reminder[]>;
}

/** A time read out of a person's words. */
export type When =
  /** `rest` is the text without the time, and without what led to it. */
  | { status: "found"; atMs: number; rest: string; repeat?: Repeat }
  | { status: "past" }
  | { status: "too_far" }
  /** Again and again in a way that no reminder here comes. */
  | { status: "repeats" }
  | { status: "none" };

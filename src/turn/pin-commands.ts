/** /pin, /pins and /unpin: notes that people want the assistant to have in mind for as long as they stand. */
import type { Command } from "../core/command.ts";
import { estimateTokens } from "./tokens.ts";

export interface Pin {
  /** Its name for /unpin: it stays the same while the note stands. */
  number: number;
  text: string;
}

export interface PinPorts {
  all(): Promise<readonly Pin[]>;
  add(pin: Pin): Promise<void>;
  remove(number: number): void;
}

export type PinPhrase = "pinned" | "pinsFull" | "pinsNone" | "pinsList" | "pinUnknown" | "unpinned";

type Say = (name: PinPhrase, values?: Record<string, string | number>) => string;

export const MAX_PINS = 20;
/** All of them together: what a prompt of 4,096 tokens has room for. */
export const MAX_PINS_TOKENS = 560;

export async function runPinCommand(command: Command, pins: PinPorts, say: Say): Promise<string> {
  const text = command.args.replace(/\s+/g, " ");
  if (command.name === "pins" || (command.name === "pin" && text === ""))
    return say(...describePins(await pins.all()));
  if (command.name === "pin") return pin(text, pins, say);
  return unpin(text, pins, say);
}

function describePins(all: readonly Pin[]): Parameters<Say> {
  const list = all.map(({ number, text }) => `${number}. ${text}`).join("\n");
  return list === "" ? ["pinsNone"] : ["pinsList", { list }];
}

async function pin(text: string, pins: PinPorts, say: Say): Promise<string> {
  const all = await pins.all();
  const tokens = [text, ...all.map((one) => one.text)].map(estimateTokens);
  if (all.length >= MAX_PINS || tokens.reduce((sum, each) => sum + each, 0) > MAX_PINS_TOKENS)
    return say("pinsFull", { count: all.length });
  const taken = new Set(all.map((one) => one.number));
  let number = 1;
  while (taken.has(number)) number += 1;
  await pins.add({ number, text });
  return say("pinned", { number });
}

async function unpin(args: string, pins: PinPorts, say: Say): Promise<string> {
  const all = await pins.all();
  const found = all.find((one) => String(one.number) === args);
  if (!found) return [say("pinUnknown"), say(...describePins(all))].join("\n\n");
  pins.remove(found.number);
  return say("unpinned", { text: found.text });
}

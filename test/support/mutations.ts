/** Genuine inputs with a few faults in them: where a parser of outside bytes breaks, it breaks near what it expects. */
import fc from "fast-check";
import { anyText } from "./any-text.ts";

/** What parsers trip over: ends of strings, numbers beyond 2^53, names of prototypes, halves of characters, ways out of a folder. */
const ODD = [
  "",
  " ",
  "\0",
  '"',
  "\\",
  "\n",
  "\r\n",
  "{",
  "}",
  "[]",
  ":",
  ",",
  "null",
  "-1",
  "1e999",
  "9007199254740993",
  "__proto__",
  "constructor",
  "toString",
  "../",
  "%00",
  "\ud800",
  "\u202e",
  "\ufeff",
  "ß",
  "我",
  "<script>",
  "=",
  ".",
  "/",
  "@",
  "A".repeat(300),
  "[".repeat(50),
];

interface Fault {
  kind: "insert" | "replace" | "cut" | "double" | "swap";
  at: number;
  length: number;
  text: string;
}

const MAX_FAULTS = 4;
const MAX_FAULT_UNITS = 24;

const fault: fc.Arbitrary<Fault> = fc.record({
  kind: fc.constantFrom("insert", "replace", "cut", "double", "swap"),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.integer({ min: 1, max: MAX_FAULT_UNITS }),
  text: fc.constantFrom(...ODD),
});

function applyFault(given: string, { kind, at, length, text }: Fault): string {
  const start = Math.floor(at * given.length);
  const [before, hit, after] = [
    given.slice(0, start),
    given.slice(start, start + length),
    given.slice(start + length),
  ];
  switch (kind) {
    case "insert":
      return before + text + hit + after;
    case "replace":
      return before + text + after;
    case "cut":
      return before + after;
    case "double":
      return before + hit + hit + after;
    default:
      return after + hit + before;
  }
}

/** A sample with faults, mostly; sometimes any text at all. */
export function faultyText(samples: readonly string[]): fc.Arbitrary<string> {
  const faulty = fc
    .tuple(fc.constantFrom(...samples), fc.array(fault, { maxLength: MAX_FAULTS }))
    .map(([sample, faults]) => faults.reduce(applyFault, sample));
  return fc.oneof({ weight: 9, arbitrary: faulty }, { weight: 1, arbitrary: anyText() });
}

/** The same over bytes; one that is no character of one byte becomes its lowest byte. */
export function faultyBytes(samples: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const texts = samples.map((sample) => Buffer.from(sample).toString("latin1"));
  return faultyText(texts).map((text) => new Uint8Array(Buffer.from(text, "latin1")));
}

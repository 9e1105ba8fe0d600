import fc from "fast-check";
import { describe, it } from "vitest";
import { parseCommand } from "../../../src/core/command.ts";
import { answerTokens, noteTokens } from "../../../src/turn/context.ts";
import { renderNotes } from "../../../src/turn/notes.ts";
import {
  MAX_PINS,
  MAX_PINS_TOKENS,
  type Pin,
  type PinPorts,
  runPinCommand,
} from "../../../src/turn/pin-commands.ts";
import { estimateTokens } from "../../../src/turn/tokens.ts";

class Board implements PinPorts {
  pins: Pin[] = [];

  async all(): Promise<readonly Pin[]> {
    return this.pins.toSorted((a, b) => a.number - b.number);
  }
  async add(pin: Pin): Promise<void> {
    this.pins.push(pin);
  }
  remove(number: number): void {
    this.pins = this.pins.filter((pin) => pin.number !== number);
  }

  async say(text: string): Promise<string> {
    const command = parseCommand(text);
    if (!command) throw new TypeError(`${text} is no command`);
    return runPinCommand(command, this, (name, values) =>
      values ? `${name} ${JSON.stringify(values)}` : name,
    );
  }
}

describe("pins", () => {
  it("are pinned, listed and taken away by their numbers, which stay", async ({ expect }) => {
    const board = new Board();
    expect(await board.say("/pin I am vegan")).toBe('pinned {"number":1}');
    expect(await board.say("/pin my  cat\nis called Tom")).toBe('pinned {"number":2}');
    const list = 'pinsList {"list":"1. I am vegan\\n2. my cat is called Tom"}';
    expect(await board.say("/pins")).toBe(list);
    expect(await board.say("/pin")).toBe(list);
    expect(await board.say("/unpin 1")).toBe('unpinned {"text":"I am vegan"}');
    expect(await board.say("/pins")).toBe('pinsList {"list":"2. my cat is called Tom"}');
    expect(await board.say("/pin I like tea")).toBe('pinned {"number":1}');
  });

  it("say that there are none, or none of this number", async ({ expect }) => {
    const board = new Board();
    expect(await board.say("/pins")).toBe("pinsNone");
    expect(await board.say("/unpin 1")).toBe("pinUnknown\n\npinsNone");
    await board.say("/pin tea");
    for (const wrong of ["", "01", "2", "one", "1.0", "-1"])
      expect(await board.say(`/unpin ${wrong}`)).toMatch(/^pinUnknown\n\npinsList/);
    expect(board.pins).toHaveLength(1);
  });

  it(`are ${MAX_PINS} at most`, async ({ expect }) => {
    const board = new Board();
    for (let index = 1; index <= MAX_PINS; index += 1)
      expect(await board.say(`/pin note ${index}`)).toBe(`pinned {"number":${index}}`);
    expect(await board.say("/pin one more")).toBe(`pinsFull {"count":${MAX_PINS}}`);
    expect(board.pins).toHaveLength(MAX_PINS);
  });

  it("take no more tokens together than a prompt of 4,096 has room for", async ({ expect }) => {
    const line = fc.string({ unit: fc.constantFrom("a", " ", "中", "7", "E"), maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 12 }), async (lines) => {
        const board = new Board();
        for (const one of lines) await board.say(`/pin ${one}`);
        const texts = (await board.all()).map((pin) => pin.text);
        const tokens = texts.reduce((sum, text) => sum + estimateTokens(text), 0);
        expect(tokens).toBeLessThanOrEqual(MAX_PINS_TOKENS);
        const told = renderNotes({ pins: texts }, noteTokens(4096));
        for (const text of texts) expect(told).toContain(`> ${text}\n`);
      }),
    );
    expect(noteTokens(4096).pins).toBeLessThan((4096 - answerTokens(4096)) / 4);
  });
});

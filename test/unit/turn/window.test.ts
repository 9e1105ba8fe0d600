import fc from "fast-check";
import { describe, it } from "vitest";
import { decideSummary, decideWindow, MAX_PAST_TURNS } from "../../../src/turn/window.ts";

const manyTurns = fc.array(fc.nat(400), { maxLength: 300 });

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

describe("decideWindow", () => {
  it("keeps all while they fit, and half of the budget after that", ({ expect }) => {
    expect(decideWindow(Array(10).fill(100), 1_000)).toBe(0);
    expect(decideWindow(Array(11).fill(100), 1_000)).toBe(6);
  });

  it("keeps half of the turns when they are many, however short they are", ({ expect }) => {
    expect(decideWindow(Array(MAX_PAST_TURNS).fill(1), 1_000)).toBe(0);
    expect(decideWindow(Array(MAX_PAST_TURNS + 1).fill(1), 1_000)).toBe(101);
  });

  it("moves seldom: the next drop is many turns away", ({ expect }) => {
    const starts: number[] = [];
    for (let count = 0; count <= 100; count += 1) {
      const from = starts.at(-1) ?? 0;
      starts.push(from + decideWindow(Array(count - from).fill(100), 1_000));
    }
    const moves = starts.filter((start, index) => start !== (starts[index - 1] ?? 0));
    expect(moves.length).toBeGreaterThan(10);
    expect(moves.length).toBeLessThanOrEqual(20);
    for (const [index, start] of moves.entries())
      expect(start - (moves[index - 1] ?? 0)).toBeGreaterThanOrEqual(5);
  });

  it("drops even the newest turn where it alone is too long", ({ expect }) => {
    expect(decideWindow([2_000], 1_000)).toBe(1);
    expect(decideWindow([], 0)).toBe(0);
  });

  it("never keeps more than the budget, and always the newest ones", ({ expect }) => {
    fc.assert(
      fc.property(manyTurns, fc.nat(20_000), (turns, budget) => {
        const kept = turns.slice(decideWindow(turns, budget));
        expect(sum(kept)).toBeLessThanOrEqual(budget);
        expect(kept.length).toBeLessThanOrEqual(MAX_PAST_TURNS);
      }),
    );
  });
});

describe("decideSummary", () => {
  it("takes the older half once six tenths of the budget are used", ({ expect }) => {
    expect(decideSummary(Array(5).fill(100), 1_000)).toBeUndefined();
    expect(decideSummary(Array(6).fill(100), 1_000)).toEqual({ turns: 3, isPressing: false });
    expect(decideSummary(Array(9).fill(100), 1_000)).toEqual({ turns: 5, isPressing: true });
  });

  it("takes the older half of many short turns", ({ expect }) => {
    expect(decideSummary(Array(119).fill(1), 10_000)).toBeUndefined();
    expect(decideSummary(Array(120).fill(1), 10_000)).toEqual({ turns: 60, isPressing: false });
  });

  it("leaves the newest turn, and takes the oldest one at least", ({ expect }) => {
    expect(decideSummary([900], 1_000)).toBeUndefined();
    expect(decideSummary([10, 900], 1_000)).toEqual({ turns: 1, isPressing: true });
    expect(decideSummary([900, 10], 1_000)).toEqual({ turns: 1, isPressing: true });
  });

  it("leaves no more than half of what was told, but for the newest turn", ({ expect }) => {
    fc.assert(
      fc.property(manyTurns, fc.integer({ min: 1, max: 20_000 }), (turns, budget) => {
        const step = decideSummary(turns, budget);
        if (!step) return;
        expect(step.turns).toBeGreaterThanOrEqual(1);
        expect(step.turns).toBeLessThan(turns.length);
        if (step.turns < turns.length - 1)
          expect(sum(turns.slice(step.turns))).toBeLessThanOrEqual(sum(turns) / 2);
      }),
    );
  });
});

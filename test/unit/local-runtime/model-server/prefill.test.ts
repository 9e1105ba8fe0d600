import { describe, it } from "vitest";
import {
  PREFILL_TOKENS,
  type PrefilledSequence,
  prefill,
} from "../../../../local-runtime/model-server/prefill.ts";

/** A context that holds these tokens, and notes how many it evaluates at once. */
function createSequence(held: readonly number[], onPiece: () => void = () => {}) {
  let tokens = [...held];
  const pieces: number[] = [];
  const sequence: PrefilledSequence = {
    get nextTokenIndex() {
      return tokens.length;
    },
    adaptStateToTokens: async (wanted) => {
      const different = tokens.findIndex((token, index) => token !== wanted[index]);
      if (different >= 0) tokens = tokens.slice(0, different);
    },
    evaluateWithoutGeneratingNewTokens: async (piece) => {
      tokens.push(...piece);
      pieces.push(piece.length);
      onPiece();
    },
  };
  return { sequence, pieces, tokens: () => tokens };
}

const never = new AbortController().signal;
const prompt = (length: number) => Array.from({ length }, (_, index) => index);

describe("a prompt", () => {
  it("is evaluated in pieces, but for its last token", async ({ expect }) => {
    const { sequence, pieces, tokens } = createSequence([]);
    await prefill(sequence, prompt(2 * PREFILL_TOKENS + 11), never);
    expect(pieces).toEqual([PREFILL_TOKENS, PREFILL_TOKENS, 10]);
    expect(tokens()).toEqual(prompt(2 * PREFILL_TOKENS + 10));
  });

  it("is evaluated from where it differs from what the context holds", async ({ expect }) => {
    const { sequence, pieces, tokens } = createSequence([...prompt(20), 99, 98]);
    await prefill(sequence, prompt(31), never);
    expect(pieces).toEqual([10]);
    expect(tokens()).toEqual(prompt(30));
  });

  it.for([[], [5]])("of the tokens %j needs nothing evaluated", async (given, { expect }) => {
    const { sequence, pieces } = createSequence([1, 2]);
    await prefill(sequence, given, never);
    expect(pieces).toEqual([]);
    expect(sequence.nextTokenIndex).toBe(0);
  });

  it("is left at the next piece when the client goes, and taken up from there", async ({
    expect,
  }) => {
    const gone = new AbortController();
    const { sequence, pieces } = createSequence([], () => {
      if (pieces.length === 2) gone.abort(new Error("gone"));
    });
    const long = prompt(10 * PREFILL_TOKENS + 1);
    await expect(prefill(sequence, long, gone.signal)).rejects.toThrow("gone");
    expect(pieces).toHaveLength(2);
    await prefill(sequence, long, never);
    expect(pieces).toHaveLength(10);
  });
});

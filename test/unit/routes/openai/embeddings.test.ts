/** The body of an embeddings call. */
import fc from "fast-check";
import * as v from "valibot";
import { describe, it } from "vitest";
import { embeddingsSchema, MAX_TEXTS } from "../../../../src/routes/openai/embeddings.ts";

const accepts = (change: Record<string, unknown>) =>
  v.safeParse(embeddingsSchema, { model: "embed", input: "tea", ...change }).success;

describe("the body of an embeddings call", () => {
  it("holds a text or a bounded number of them", ({ expect }) => {
    const texts = (count: number) => Array.from({ length: count }, () => "a");
    expect(accepts({})).toBe(true);
    expect(accepts({ input: texts(MAX_TEXTS) })).toBe(true);
    for (const input of [texts(MAX_TEXTS + 1), [], "", ["a", ""], [1], [[1]], null, { a: "b" }])
      expect(accepts({ input })).toBe(false);
    for (const change of [{ model: "" }, { encoding_format: "hex" }, { dimensions: 0 }])
      expect(accepts(change)).toBe(false);
  });

  it("is understood or refused, whatever it holds", ({ expect }) => {
    const known = fc.record({ model: fc.jsonValue(), input: fc.jsonValue() });
    fc.assert(
      fc.property(fc.oneof(known, fc.jsonValue()), (body) => {
        const parsed = v.safeParse(embeddingsSchema, body);
        if (!parsed.success) return;
        const texts = [parsed.output.input].flat();
        expect(texts.every((text) => text !== "" && text.isWellFormed())).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });
});

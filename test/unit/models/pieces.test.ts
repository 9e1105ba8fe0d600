import fc from "fast-check";
import { describe, it } from "vitest";
import { PieceJoiner } from "../../../src/models/pieces.ts";

/** Any UTF-16, lone surrogates included, one unit a piece or more. */
const anyPiece = fc
  .array(fc.oneof(fc.constantFrom(0xd83d, 0xde00, 0x61), fc.nat(0xffff)))
  .map((units) => String.fromCharCode(...units));

describe("PieceJoiner", () => {
  it("shows a character whole that was cut in two", ({ expect }) => {
    const joiner = new PieceJoiner();
    expect(joiner.push("tea \uD83C")).toBe("tea ");
    expect(joiner.push("\uDF75!")).toBe("🍵!");
    expect(joiner.end()).toBe("");
  });

  it("gives well-formed pieces that make up the well-formed whole", ({ expect }) => {
    fc.assert(
      fc.property(fc.array(anyPiece), (pieces) => {
        const joiner = new PieceJoiner();
        const shown = pieces.map((piece) => joiner.push(piece));
        shown.push(joiner.end());
        expect(shown.every((piece) => piece.isWellFormed())).toBe(true);
        expect(shown.join("")).toBe(pieces.join("").toWellFormed());
      }),
    );
  });
});

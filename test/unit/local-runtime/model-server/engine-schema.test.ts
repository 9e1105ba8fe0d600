import fc from "fast-check";
import { describe, it } from "vitest";
import { toLibraryFunctions } from "../../../../local-runtime/model-server/engine-history.ts";
import {
  MAX_SCHEMA_DEPTH,
  toLibrarySchema,
} from "../../../../local-runtime/model-server/engine-schema.ts";
import { BadRequest } from "../../../../local-runtime/model-server/requests.ts";

const ANYTHING = {
  oneOf: [{ type: "string" }, { type: "number" }, { type: "boolean" }, { type: "null" }],
};

function nested(depth: number): Record<string, unknown> {
  return depth === 0 ? { type: "string" } : { type: "array", items: nested(depth - 1) };
}

describe("a schema for the engine", () => {
  it("says oneOf for anyOf, at every place", ({ expect }) => {
    const either = { anyOf: [{ type: "string" }, { type: "null" }] };
    const both = { oneOf: [{ type: "string" }, { type: "null" }] };
    expect(
      toLibrarySchema({
        type: "object",
        properties: { a: either, b: { type: "array", items: either } },
        $defs: { c: either },
        required: ["a"],
      }),
    ).toEqual({
      type: "object",
      properties: { a: both, b: { type: "array", items: both } },
      $defs: { c: both },
      required: ["a"],
    });
  });

  it("names the scalars where anything may stand, and keeps the description", ({ expect }) => {
    expect(toLibrarySchema({ description: "What it is" })).toEqual({
      description: "What it is",
      ...ANYTHING,
    });
  });

  it("leaves a property alone that is called like a word of schemas", ({ expect }) => {
    const schema = { type: "object", properties: { anyOf: { type: "string" } } };
    expect(toLibrarySchema(schema)).toEqual(schema);
  });

  it(`is refused beyond ${MAX_SCHEMA_DEPTH} levels`, ({ expect }) => {
    expect(() => toLibrarySchema(nested(MAX_SCHEMA_DEPTH))).not.toThrow();
    expect(() => toLibrarySchema(nested(MAX_SCHEMA_DEPTH + 1))).toThrow(
      new BadRequest("a schema is nested more than 32 levels deep"),
    );
  });

  it("comes of any JSON object, and says the same when it is made twice", ({ expect }) => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 6 })), (given) => {
        const schema: Record<string, unknown> = { ...given };
        const once = toLibrarySchema(schema);
        expect(toLibrarySchema(once)).toEqual(once);
      }),
    );
  });
});

describe("a tool for the engine", () => {
  it("takes nothing where it states nothing", ({ expect }) => {
    const tool = { name: "clock", description: "The time", parameters: {} };
    expect(toLibraryFunctions([tool])).toEqual({ clock: { description: "The time" } });
  });
});

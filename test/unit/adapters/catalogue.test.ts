import { describe, it } from "vitest";
import { CATALOGUE } from "../../../src/adapters/catalogue.ts";
import { findAdapter } from "../../../src/adapters/registry.ts";
import { NAME_PATTERN } from "../../../src/core/ids.ts";

/** Flags that `channel add` has of its own. */
const OWN_FLAGS = ["name", "api-base", "access", "allow", "transport", "json", "help"];

describe("the catalogue of channels", () => {
  it("says of each channel what its adapter says", ({ expect }) => {
    for (const { channel, doc, fields, transports } of CATALOGUE) {
      const adapter = findAdapter(channel);
      expect(adapter).toMatchObject({ channel, doc, capabilities: { transports } });
      expect(adapter?.fields).toBe(fields);
    }
  });

  it("names channels and fields that can be flags and parts of an address", ({ expect }) => {
    for (const { channel, fields } of CATALOGUE) {
      expect(channel).toMatch(NAME_PATTERN);
      for (const { name } of fields) {
        expect(name).toMatch(NAME_PATTERN);
        expect(OWN_FLAGS).not.toContain(name);
      }
    }
  });

  it("makes only values that the field's own check takes", ({ expect }) => {
    const made = CATALOGUE.flatMap(({ fields }) => fields.filter((field) => field.generate));
    expect(made.length).toBeGreaterThan(0);
    for (const field of made) expect(field.check?.(field.generate?.() ?? "")).toBeUndefined();
  });
});

describe("the registry of adapters", () => {
  it("knows the web chat, and nothing it was not given", ({ expect }) => {
    expect(findAdapter("web")?.channel).toBe("web");
    for (const name of ["", "fax", "__proto__", "constructor"])
      expect(findAdapter(name)).toBeUndefined();
  });
});

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, it } from "vitest";
import { HostError } from "../../../../local-runtime/host-error.ts";
import { parseWranglerConfig } from "../../../../local-runtime/workerd-config/wrangler-config.ts";

const TOML = readFileSync(
  fileURLToPath(new URL("../../../../wrangler.toml", import.meta.url)),
  "utf8",
);

describe("wrangler.toml", () => {
  it("of this project is understood whole", ({ expect }) => {
    const config = parseWranglerConfig(TOML);
    expect(config.durable_objects.bindings).toContainEqual({
      name: "SESSION",
      class_name: "SessionObject",
    });
    expect(config.d1_databases[0]?.migrations_dir).toBe("migrations");
  });

  it.for([
    ['[[kv_namespaces]]\nbinding = "KV"\nid = "x"', "kv_namespaces"],
    ['[vars]\nSECRET = "x"', "vars"],
    ["[observability]\nenabled = true", "observability"],
  ])("with a key that is not translated is refused: %s", ([addition, name], { expect }) => {
    expect(() => parseWranglerConfig(`${TOML}\n${addition}\n`)).toThrow(
      expect.objectContaining({
        code: "config/wrangler_unsupported",
        message: expect.stringContaining(`${name}: `),
      }),
    );
  });

  it("in which the console is served past the Worker is refused", ({ expect }) => {
    const toml = TOML.replace("run_worker_first = true", "run_worker_first = false");
    expect(() => parseWranglerConfig(toml)).toThrow(/assets.run_worker_first/);
  });

  it("that binds a class without SQLite is refused", ({ expect }) => {
    const toml = TOML.replace('new_sqlite_classes = ["SessionObject", ', "new_sqlite_classes = [");
    expect(() => parseWranglerConfig(toml)).toThrow(
      "wrangler.toml cannot be translated for workerd: SessionObject is in no migration's new_sqlite_classes.",
    );
  });

  it("that is not TOML is refused with the line", ({ expect }) => {
    expect(() => parseWranglerConfig('name = "a"\nmain = [')).toThrow(/line 2: it is not TOML/);
  });

  it("of any other text is refused with that code, never with another error", ({ expect }) => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        try {
          parseWranglerConfig(text);
        } catch (error) {
          expect(error).toBeInstanceOf(HostError);
          return;
        }
        expect.fail("accepted");
      }),
    );
  });
});

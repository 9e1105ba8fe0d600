import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, it, onTestFinished } from "vitest";
import { NotGguf, readGgufHead } from "../../../../local-runtime/model-server/gguf-reader.ts";
import { neededBytes, readModelFacts } from "../../../../local-runtime/model-server/model-facts.ts";
import { renderGguf, writeGguf } from "../../../support/gguf-file.ts";

const STORIES = join(import.meta.dirname, "../../../fixtures/models/stories260K.gguf");

function newPath(): string {
  const dir = mkdtempSync(join(tmpdir(), "rockpool-gguf-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return join(dir, "model.gguf");
}

describe("the facts of a model file", () => {
  it("are read of a real model", ({ expect }) => {
    expect(readModelFacts(STORIES)).toEqual({
      architecture: "llama",
      contextTokens: 512,
      parameters: 260_032,
      quantization: "F32",
      capabilities: ["completion"],
      sizeBytes: 1_054_208,
      tokenBytes: 2 * 5 * 4 * 8 * 2,
    });
  });

  it.for([
    [
      "a template that takes tools",
      { "tokenizer.chat_template": "{{ tools }}" },
      ["completion", "tools"],
    ],
    [
      "one that thinks",
      { "tokenizer.chat_template": "{{ tools }}<think>" },
      ["completion", "tools", "thinking"],
    ],
    ["none", { "tokenizer.chat_template": "" }, ["completion"]],
    ["a model for embeddings", { "general.architecture": "nomic-bert" }, ["embedding"]],
  ] as const)("tell what a model can: %s", ([, pairs, capabilities], { expect }) => {
    const path = newPath();
    writeGguf(path, pairs);
    expect(readModelFacts(path).capabilities).toEqual(capabilities);
  });

  it("count weights, context and the engine as the memory it takes", ({ expect }) => {
    const facts = { sizeBytes: 1_000, tokenBytes: 10, contextTokens: 100 };
    const engineBytes = 250 * 1024 * 1024;
    expect(neededBytes(facts, 50)).toBe(engineBytes + 1_500);
    expect(neededBytes(facts, 5_000)).toBe(engineBytes + 2_000);
  });
});

describe("a file that is no model", () => {
  it.for([
    ["other bytes", Buffer.from("PK\u0003\u0004 and more"), "it does not begin with GGUF"],
    ["an empty file", Buffer.alloc(0), "it ends within its head"],
    ["a version of tomorrow", Buffer.from("GGUF\u0009\0\0\0"), "its version 9 is not known"],
    [
      "more tensors than any model",
      Buffer.concat([Buffer.from("GGUF\u0003\0\0\0"), Buffer.alloc(8, 0xff), Buffer.alloc(8)]),
      "it states 18446744073709551615 tensors",
    ],
  ] as const)("is refused: %s", ([, bytes, message], { expect }) => {
    const path = newPath();
    writeFileSync(path, bytes);
    expect(() => readGgufHead(path)).toThrow(new NotGguf(message));
  });

  it("is told from one at every place where it is cut", ({ expect }) => {
    const path = newPath();
    const whole = renderGguf({ "general.architecture": "llama", list: ["a", "b"], yes: true });
    for (let size = 0; size < whole.length; size += 1) {
      writeFileSync(path, whole.subarray(0, size));
      expect(() => readGgufHead(path), `${size} bytes`).toThrow(NotGguf);
    }
    writeFileSync(path, whole);
    expect(readGgufHead(path).pairs.get("yes")).toBe(true);
  });

  it("gives facts or NotGguf, whatever bytes are changed", ({ expect }) => {
    const path = newPath();
    const whole = readFileSync(STORIES).subarray(0, 16_384);
    const change = fc.tuple(fc.nat({ max: 400 }), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of changes) bytes[at] = value;
        writeFileSync(path, bytes);
        try {
          expect(readModelFacts(path).contextTokens).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(NotGguf);
        }
      }),
      { numRuns: 300 },
    );
  });
});

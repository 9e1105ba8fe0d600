import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, it, onTestFinished } from "vitest";
import { type DataFolder, prepareDataFolder } from "../../../../local-runtime/data-folder.ts";
import { HostError } from "../../../../local-runtime/host-error.ts";
import {
  findModel,
  isModelName,
  type Library,
  loadLibrary,
  MAX_LIBRARY_MODELS,
  modelFile,
  withModel,
  writeLibrary,
} from "../../../../local-runtime/model-server/library.ts";

function newFolder(): DataFolder {
  const dir = mkdtempSync(join(tmpdir(), "rockpool-library-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return prepareDataFolder(join(dir, "data"));
}

describe("the library of models", () => {
  it("is empty at first, and read as it was written", ({ expect }) => {
    const folder = newFolder();
    expect(loadLibrary(folder)).toEqual({ models: [] });
    const library: Library = {
      models: [{ name: "qwen3:4b", file: "qwen3-4b.gguf", sha256: "a".repeat(64) }],
      chosen: { server: "builtin", name: "qwen3:4b" },
    };
    writeLibrary(folder, library);
    expect(loadLibrary(folder)).toEqual(library);
  });

  it("puts a model in the place of one with its name, and finds it with or without a tag", ({
    expect,
  }) => {
    const first: Library = { models: [{ name: "a", file: "1.gguf" }] };
    const library = withModel(first, { name: "a", file: "2.gguf" });
    expect(library.models).toEqual([{ name: "a", file: "2.gguf" }]);
    expect(findModel(library, "a:latest")).toBe(library.models[0]);
    expect(findModel(library, "b")).toBeUndefined();
  });

  it("knows pulled files below the data folder, and others by their own path", ({ expect }) => {
    const folder = newFolder();
    expect(modelFile(folder, { file: "a.gguf" })).toBe(join(folder.root, "models", "a.gguf"));
    expect(modelFile(folder, { file: "/srv/a.gguf" })).toBe("/srv/a.gguf");
  });

  it(`holds ${MAX_LIBRARY_MODELS} models and refuses one more`, ({ expect }) => {
    const folder = newFolder();
    const models = Array.from({ length: MAX_LIBRARY_MODELS }, (_, index) => ({
      name: `m${index}`,
      file: "a.gguf",
    }));
    writeLibrary(folder, { models });
    expect(() => writeLibrary(folder, { models: [...models, { name: "x", file: "x" }] })).toThrow(
      expect.objectContaining({
        code: "model/too_many",
        message: `The built-in server keeps ${MAX_LIBRARY_MODELS} models at most.`,
      }),
    );
    expect(loadLibrary(folder).models).toHaveLength(MAX_LIBRARY_MODELS);
  });

  it.for([
    ["{", "it is not JSON"],
    ["[]", "models"],
    ['{"models":[{"name":"../x","file":"a"}]}', "models.0.name: a name such as qwen3:4b"],
    ['{"models":[{"name":"a-cloud","file":"a"}]}', "models.0.name: a name must not end with cloud"],
    ['{"models":[],"chosen":{"server":"elsewhere","name":"a"}}', "chosen.server"],
  ] as const)("is refused with the place that is wrong: %s", ([content, message], { expect }) => {
    const folder = newFolder();
    writeFileSync(folder.modelLibrary, content);
    expect(() => loadLibrary(folder)).toThrow(
      expect.objectContaining({
        code: "model/library_unreadable",
        message: expect.stringContaining(message),
      }),
    );
  });

  it("is read or refused, whatever is in the file", ({ expect }) => {
    const folder = newFolder();
    fc.assert(
      fc.property(fc.jsonValue(), (models) => {
        writeFileSync(folder.modelLibrary, JSON.stringify({ models }));
        try {
          expect(loadLibrary(folder).models.every(({ name }) => isModelName(name))).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(HostError);
        }
      }),
    );
  });
});

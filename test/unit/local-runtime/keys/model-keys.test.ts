import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, onTestFinished } from "vitest";
import { type DataFolder, dataFolderAt } from "../../../../local-runtime/data-folder.ts";
import { findModelKeys, findTranscribeKey } from "../../../../local-runtime/keys/model-keys.ts";
import { listModelServers } from "../../../../src/config/model-servers.ts";

const SERVERS = listModelServers({
  ROCKPOOL_MODEL_URL: "http://127.0.0.1:11434",
  ROCKPOOL_MODEL_SERVERS: "hub=openai+https://hub.example/v1,far=openai+http://far.example",
});

function createFolder(keys: Record<string, string>): DataFolder {
  const root = mkdtempSync(join(tmpdir(), "rockpool-keys-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const folder = dataFolderAt(root);
  mkdirSync(folder.modelKeys);
  for (const [name, key] of Object.entries(keys))
    writeFileSync(join(folder.modelKeys, name), key, { mode: 0o600 });
  return folder;
}

describe("findModelKeys", () => {
  it("finds the keys of the servers that are there, under the names of their bindings", ({
    expect,
  }) => {
    const folder = createFolder({ hub: "sk-123\n", removed: "sk-456" });
    expect(findModelKeys(folder, SERVERS)).toEqual({
      MODEL_KEY_1: join(folder.modelKeys, "hub"),
    });
    rmSync(folder.modelKeys, { recursive: true });
    expect(findModelKeys(folder, SERVERS)).toEqual({});
  });

  it("refuses a file that others can read", ({ expect }) => {
    const folder = createFolder({ hub: "sk-123" });
    chmodSync(join(folder.modelKeys, "hub"), 0o640);
    expect(() => findModelKeys(folder, SERVERS)).toThrow(
      expect.objectContaining({
        code: "model_key/exposed",
        message: `The file ${join(folder.modelKeys, "hub")} can be read by other users of this machine.`,
      }),
    );
  });

  it("refuses what no header can hold, and repeats none of it", ({ expect }) => {
    for (const key of ["", "two words", "a\nb", "ключ", "x".repeat(1_001)]) {
      const folder = createFolder({ hub: key });
      expect(() => findModelKeys(folder, SERVERS)).toThrow(
        expect.objectContaining({
          code: "model_key/malformed",
          message: `The file ${join(folder.modelKeys, "hub")} does not hold a key.`,
        }),
      );
    }
  });

  it("sends no key in the clear to a public address", ({ expect }) => {
    expect(() => findModelKeys(createFolder({ far: "sk-123" }), SERVERS)).toThrow(
      expect.objectContaining({
        code: "model_key/in_the_clear",
        message: 'The key of the model server "far" would be sent without encryption.',
      }),
    );
  });
});

describe("findTranscribeKey", () => {
  const HOSTED = { ROCKPOOL_TRANSCRIBE_URL: "https://ears.example" };

  function createKey(key: string): DataFolder {
    const folder = createFolder({});
    writeFileSync(folder.transcribeKey, key, { mode: 0o600 });
    return folder;
  }

  it("finds the key where there is one, and a server that it is for", ({ expect }) => {
    const folder = createKey("sk-1\n");
    expect(findTranscribeKey(folder, HOSTED)).toEqual({ TRANSCRIBE_KEY: folder.transcribeKey });
    expect(findTranscribeKey(folder, { ROCKPOOL_TRANSCRIBE_URL: "" })).toEqual({});
    expect(findTranscribeKey(createFolder({}), HOSTED)).toEqual({});
  });

  it("refuses what is no key, what others can read, and the clear to a public address", ({
    expect,
  }) => {
    const malformed = createKey("two words");
    expect(() => findTranscribeKey(malformed, HOSTED)).toThrow(
      expect.objectContaining({
        code: "model_key/malformed",
        message: `The file ${malformed.transcribeKey} does not hold a key.`,
      }),
    );
    const exposed = createKey("sk-1");
    chmodSync(exposed.transcribeKey, 0o644);
    expect(() => findTranscribeKey(exposed, HOSTED)).toThrow(
      expect.objectContaining({
        code: "model_key/exposed",
        message: `The file ${exposed.transcribeKey} can be read by other users of this machine.`,
      }),
    );
    const inTheClear = { ROCKPOOL_TRANSCRIBE_URL: "http://ears.example" };
    expect(() => findTranscribeKey(createKey("sk-1"), inTheClear)).toThrow(
      expect.objectContaining({
        code: "model_key/in_the_clear",
        message: "The key of the transcription server would be sent without encryption.",
        fix: expect.stringContaining("ROCKPOOL_TRANSCRIBE_URL"),
      }),
    );
  });
});

import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, onTestFinished } from "vitest";
import { type DataFolder, prepareDataFolder } from "../../../../local-runtime/data-folder.ts";
import {
  loadMasterKey,
  masterKeyId,
  openMasterKey,
  writeBoxSecret,
} from "../../../../local-runtime/keys/master-key.ts";

function newFolder(): DataFolder {
  const dir = mkdtempSync(join(tmpdir(), "rockpool-key-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return prepareDataFolder(join(dir, "data"));
}

function withData(folder: DataFolder): DataFolder {
  writeFileSync(join(folder.objects, "something.sqlite"), "");
  return folder;
}

describe("the master key", () => {
  it("is made on the first start, for its owner alone, and is the same on the next", ({
    expect,
  }) => {
    const folder = newFolder();
    const key = openMasterKey(folder);
    expect(key).toHaveLength(32);
    expect(statSync(folder.masterKey).mode & 0o777).toBe(0o600);
    expect(openMasterKey(withData(folder))).toEqual(key);
    expect(readFileSync(folder.masterKeyId, "utf8").trim()).toBe(masterKeyId(key));
  });

  it("is not made anew where there is data", ({ expect }) => {
    const folder = withData(newFolder());
    expect(() => openMasterKey(folder)).toThrow(
      expect.objectContaining({
        code: "key/missing",
        message: `${folder.masterKey} is missing, and the stored messages cannot be read without it.`,
        fix: expect.stringContaining("Put it back"),
      }),
    );
    expect(statSync(folder.masterKey, { throwIfNoEntry: false })).toBeUndefined();
  });

  it.for([0, 31, 33])("of %i bytes is refused", (sizeBytes, { expect }) => {
    const folder = newFolder();
    writeFileSync(folder.masterKey, Buffer.alloc(sizeBytes));
    expect(() => openMasterKey(folder)).toThrow(
      expect.objectContaining({
        code: "key/wrong_length",
        message: `${folder.masterKey} has ${sizeBytes} bytes; a master key has 32.`,
      }),
    );
  });

  it("of another box is refused, and the message holds neither key", ({ expect }) => {
    const folder = newFolder();
    const right = openMasterKey(folder);
    const wrong = Buffer.alloc(32, 5);
    writeFileSync(folder.masterKey, wrong);
    let message = "";
    try {
      openMasterKey(withData(folder));
    } catch (error) {
      expect(error).toMatchObject({ code: "key/wrong" });
      message = String(error);
    }
    expect(message).toContain(`expected ${masterKeyId(right)}, found ${masterKeyId(wrong)}`);
    expect(message).not.toContain(wrong.toString("hex").slice(0, 24));
  });

  it("gets its id when a crash came between the two", ({ expect }) => {
    const folder = newFolder();
    const key = openMasterKey(folder);
    rmSync(folder.masterKeyId);
    openMasterKey(folder);
    expect(readFileSync(folder.masterKeyId, "utf8").trim()).toBe(masterKeyId(key));
  });

  it("is made anew where only an id is left and nothing was stored", ({ expect }) => {
    const folder = newFolder();
    writeFileSync(folder.masterKeyId, "0123456789abcdef\n");
    const key = openMasterKey(folder);
    expect(readFileSync(folder.masterKeyId, "utf8").trim()).toBe(masterKeyId(key));
  });

  it("is looked at without a trace", ({ expect }) => {
    const folder = newFolder();
    expect(loadMasterKey(folder)).toBeUndefined();
    expect(statSync(folder.masterKey, { throwIfNoEntry: false })).toBeUndefined();
  });

  it("gives the same box secret at each start, and another one than itself", ({ expect }) => {
    const folder = newFolder();
    const key = openMasterKey(folder);
    const first = readFileSync(writeBoxSecret(folder, key));
    const path = writeBoxSecret(folder, key);
    expect(readFileSync(path)).toEqual(first);
    expect(first).toHaveLength(32);
    expect(first).not.toEqual(key);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });
});

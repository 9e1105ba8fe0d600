import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, it } from "vitest";
import {
  openManifest,
  SEAL_BYTES,
  sealManifest,
} from "../../../../local-runtime/backup/backup-manifest.ts";
import { masterKeyId } from "../../../../local-runtime/keys/master-key.ts";

const key = randomBytes(32);
const content = {
  version: "0.1.0",
  createdAt: "2026-11-21T04:00:00.000Z",
  files: [
    { path: "objects/session/a.sqlite", sizeBytes: 5, sha256: "0".repeat(64) },
    { path: "egress.json", sizeBytes: 15, sha256: "f".repeat(64) },
  ],
};

const NOT_AUTHENTIC = {
  code: "backup/not_authentic",
  message: "The backup's list of files was changed since it was made.",
};
const UNKNOWN_FORMAT = {
  code: "backup/unknown_format",
  message: "The archive is no backup that this version of Rockpool knows.",
};

describe("the list of a backup", () => {
  it("opens with the key that it was sealed with", ({ expect }) => {
    const sealed = sealManifest(content, key);
    expect(sealed.seal).toHaveLength(SEAL_BYTES);
    expect(openManifest(sealed, key)).toEqual({
      format: 1,
      masterKeyId: masterKeyId(key),
      ...content,
    });
  });

  it("says which key it needs", ({ expect }) => {
    const other = randomBytes(32);
    expect(() => openManifest(sealManifest(content, key), other)).toThrow(
      expect.objectContaining({
        code: "backup/wrong_key",
        message: `The backup was made with another master key (${masterKeyId(key)}) than the present one (${masterKeyId(other)}).`,
      }),
    );
  });

  it("is refused with a changed byte in it or in its seal", ({ expect }) => {
    const sealed = sealManifest(content, key);
    const changed = Buffer.from(sealed.manifest.toString().replace("egress", "egresx"));
    expect(() => openManifest({ ...sealed, manifest: changed }, key)).toThrow(
      expect.objectContaining(UNKNOWN_FORMAT),
    );
    const resized = Buffer.from(
      sealed.manifest.toString().replace('"sizeBytes": 5', '"sizeBytes": 6'),
    );
    expect(() => openManifest({ ...sealed, manifest: resized }, key)).toThrow(
      expect.objectContaining(NOT_AUTHENTIC),
    );
    for (const seal of [Buffer.alloc(SEAL_BYTES, "0"), Buffer.alloc(0), sealed.seal.subarray(1)])
      expect(() => openManifest({ ...sealed, seal }, key)).toThrow(
        expect.objectContaining(NOT_AUTHENTIC),
      );
  });

  it("is refused where it names files outside of the data, even when it is sealed", ({
    expect,
  }) => {
    const paths = [
      "master.key",
      "../a",
      "/etc/passwd",
      "objects/../master.key",
      "run/x",
      "objects",
    ];
    for (const path of paths) {
      const files = [{ path, sizeBytes: 0, sha256: "0".repeat(64) }];
      expect(() => openManifest(sealManifest({ ...content, files }, key), key)).toThrow(
        expect.objectContaining(UNKNOWN_FORMAT),
      );
    }
  });

  it("is refused where it names a file twice", ({ expect }) => {
    const [file] = content.files;
    const files = file ? [file, file] : [];
    expect(() => openManifest(sealManifest({ ...content, files }, key), key)).toThrow(
      expect.objectContaining(UNKNOWN_FORMAT),
    );
  });

  it("is refused with a code, whatever the bytes", ({ expect }) => {
    const bytes = fc.oneof(fc.string(), fc.json()).map((text) => Buffer.from(text));
    fc.assert(
      fc.property(bytes, bytes, (manifest, seal) => {
        expect(() => openManifest({ manifest, seal }, key)).toThrow(
          expect.objectContaining(UNKNOWN_FORMAT),
        );
      }),
    );
  });
});

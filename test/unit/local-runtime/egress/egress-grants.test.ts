import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, it, onTestFinished } from "vitest";
import { type DataFolder, prepareDataFolder } from "../../../../local-runtime/data-folder.ts";
import {
  isOrigin,
  loadEgressOrigins,
  MAX_EGRESS_ORIGINS,
  writeEgressOrigins,
} from "../../../../local-runtime/egress/egress-grants.ts";
import { HostError } from "../../../../local-runtime/host-error.ts";

function newFolder(content?: string): DataFolder {
  const dir = mkdtempSync(join(tmpdir(), "rockpool-egress-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const folder = prepareDataFolder(join(dir, "data"));
  if (content !== undefined) writeFileSync(folder.egress, content);
  return folder;
}

describe("the grants of outbound origins", () => {
  it("are none where there is no file", ({ expect }) => {
    expect(loadEgressOrigins(newFolder())).toEqual([]);
  });

  it("are read as they were written, each one once", ({ expect }) => {
    const folder = newFolder();
    writeEgressOrigins(folder, [
      "http://127.0.0.1:9999",
      "https://api.example",
      "http://127.0.0.1:9999",
    ]);
    expect(loadEgressOrigins(folder)).toEqual(["http://127.0.0.1:9999", "https://api.example"]);
  });

  it(`are at most ${MAX_EGRESS_ORIGINS}`, ({ expect }) => {
    const folder = newFolder();
    const most = Array.from({ length: MAX_EGRESS_ORIGINS }, (_, index) => `http://h${index}`);
    writeEgressOrigins(folder, most);
    const before = readFileSync(folder.egress, "utf8");
    expect(() => writeEgressOrigins(folder, [...most, "http://one.more"])).toThrow(
      expect.objectContaining({ code: "egress/too_many" }),
    );
    expect(readFileSync(folder.egress, "utf8")).toBe(before);
    writeFileSync(folder.egress, JSON.stringify({ origins: [...most, "http://one.more"] }));
    expect(() => loadEgressOrigins(folder)).toThrow(
      expect.objectContaining({ code: "egress/unreadable" }),
    );
  });

  it.for([
    "http://127.0.0.1:9999/path",
    "http://user:secret@127.0.0.1",
    "HTTP://example",
    "http://example:80",
    "unix:/run/docker.sock",
    "file:///etc/passwd",
    "127.0.0.1:9999",
    'http://a", network = (allow = ["private"',
    "",
  ])("hold no %j", (origin, { expect }) => {
    const folder = newFolder(JSON.stringify({ origins: [origin] }));
    expect(() => loadEgressOrigins(folder)).toThrow(
      expect.objectContaining({
        code: "egress/unreadable",
        message: expect.stringContaining("origins.0"),
      }),
    );
  });

  it("are refused, with that code, in any other form", ({ expect }) => {
    const folder = newFolder();
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string({ unit: "binary" })), (content) => {
        writeFileSync(folder.egress, content);
        try {
          for (const origin of loadEgressOrigins(folder)) expect(isOrigin(origin)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(HostError);
          expect(error).toMatchObject({ code: "egress/unreadable" });
        }
      }),
    );
  });
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, it, onTestFinished } from "vitest";
import {
  MAX_SOCKET_PATH_BYTES,
  placeAdminSocket,
} from "../../../local-runtime/admin/admin-socket.ts";
import { dataFolderAt } from "../../../local-runtime/data-folder.ts";
import { d1File } from "../../../local-runtime/database/d1-file.ts";
import { checkClock, checkNode } from "../../../local-runtime/doctor/box.ts";
import { memoryBytes } from "../../../local-runtime/host-work/memory.ts";
import { reachableUrl } from "../../../local-runtime/listen/listening.ts";

function fileWith(content: string): string {
  const dir = mkdtempSync(join(tmpdir(), "rockpool-facts-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const path = join(dir, "file");
  writeFileSync(path, content);
  return path;
}

describe("the memory of the box", () => {
  it("is the container's limit where that is lower", ({ expect }) => {
    expect(memoryBytes([fileWith("1000\n")], 4000)).toBe(1000);
    expect(memoryBytes([fileWith("9000\n")], 4000)).toBe(4000);
  });

  it("is the machine's where there is no limit", ({ expect }) => {
    expect(memoryBytes([fileWith("max\n"), "/nonexistent"], 4000)).toBe(4000);
  });
});

describe("the admin socket", () => {
  it("is in the data folder", ({ expect }) => {
    expect(placeAdminSocket(dataFolderAt("/srv/rockpool")).path).toBe(
      "/srv/rockpool/run/admin.sock",
    );
  });

  it("is in a short private folder where the path would be too long, by the byte", ({ expect }) => {
    const rest = "/run/admin.sock".length + 1;
    const fits = `/${"a".repeat(MAX_SOCKET_PATH_BYTES - rest)}`;
    expect(placeAdminSocket(dataFolderAt(fits)).path).toBe(`${fits}/run/admin.sock`);
    const place = placeAdminSocket(dataFolderAt(`${fits}a`));
    onTestFinished(() => rmSync(dirname(place.path), { recursive: true, force: true }));
    expect(Buffer.byteLength(place.path)).toBeLessThanOrEqual(MAX_SOCKET_PATH_BYTES);
    expect(place.path).not.toContain("aaaa");
    const inChinese = placeAdminSocket(dataFolderAt(`/${"数".repeat(32)}`));
    onTestFinished(() => rmSync(dirname(inChinese.path), { recursive: true, force: true }));
    expect(inChinese.path).not.toContain("数");
  });
});

describe("the file of a D1 database", () => {
  it("is named as workerd names it", ({ expect }) => {
    expect(d1File("/objects", "main")).toBe(
      "/objects/d1/6a3be8e0e0bab138d7d728be0c4fd40d30b6bc1e15aba31549df2cbef9dc445a.sqlite",
    );
  });
});

describe("the address that is shown", () => {
  it.for([
    ["127.0.0.1", "http://127.0.0.1:8787"],
    ["0.0.0.0", "http://127.0.0.1:8787"],
    ["::", "http://[::1]:8787"],
    ["::1", "http://[::1]:8787"],
    ["box.local", "http://box.local:8787"],
  ] as const)("for HOST=%s can be reached from this machine", ([host, url], { expect }) => {
    expect(reachableUrl({ host, port: 8787 })).toBe(url);
  });

  it("over TLS is the certificate's name", ({ expect }) => {
    const at = { host: "0.0.0.0", port: 443 };
    expect(reachableUrl({ ...at, secureName: "box.example" })).toBe("https://box.example");
    expect(reachableUrl({ ...at, port: 8443, secureName: "" })).toBe("https://127.0.0.1:8443");
  });
});

describe("the checks of the box", () => {
  it.for([
    ["20.11.0", "fail"],
    ["22.17.9", "fail"],
    ["22.18.0", "ok"],
    ["24.0.0", "ok"],
  ] as const)("judge Node %s", ([version, result], { expect }) => {
    expect(checkNode(version).result).toBe(result);
  });

  it("find a clock that is behind its own files", ({ expect }) => {
    const root = dirname(fileWith(""));
    writeFileSync(join(root, "package.json"), "{}");
    expect(checkClock(root, dataFolderAt(root)).result).toBe("ok");
    expect(checkClock(root, dataFolderAt(root), Date.parse("2020-01-01"))).toMatchObject({
      result: "fail",
      fix: "Set the clock (timedatectl set-ntp true).",
    });
  });
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, onTestFinished } from "vitest";
import { loadSettings } from "../../../local-runtime/settings.ts";

function project(envFile?: string): string {
  const root = mkdtempSync(join(tmpdir(), "rockpool-settings-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  if (envFile !== undefined) writeFileSync(join(root, ".env"), envFile);
  return root;
}

describe("the settings", () => {
  it("are the defaults where nothing is said, with the data beside the program", ({ expect }) => {
    const root = project();
    const settings = loadSettings({ root, env: {} });
    expect(settings.options).toMatchObject({ HOST: "127.0.0.1", PORT: 8787 });
    expect(settings.dataDir).toBe(join(root, "data"));
  });

  it("come from .env, and from the environment before it", ({ expect }) => {
    const root = project("PORT=9000\nHOST='::1'\nROCKPOOL_DATA=/srv/rockpool\n");
    const settings = loadSettings({ root, env: { PORT: "0" } });
    expect(settings.options).toMatchObject({ PORT: 0, HOST: "::1" });
    expect(settings.dataDir).toBe("/srv/rockpool");
  });

  it("that are wrong are named all at once, and their values are not", ({ expect }) => {
    const root = project("PORT=123456\n");
    const env = { ROCKPOOL_MODEL_URL: "ftp://user:hunter2@host", ROCKPOOL_LOG: "loud" };
    expect(() => loadSettings({ root, env })).toThrow(
      expect.objectContaining({
        code: "config/invalid",
        exitStatus: 78,
        message:
          "3 options are wrong: PORT: a whole number from 0 to 65535 is expected; ROCKPOOL_MODEL_URL: an http or https address without credentials is expected; ROCKPOOL_LOG: one of debug, info, warn, error is expected.",
      }),
    );
  });

  it("name what looks like an option and is none, and what is probably meant", ({ expect }) => {
    const root = project("ROCKPOOL_EGRES=listed\nOTHER=1\n");
    const env = { ROCKPOOL_PORT: "80", ROCKPOOL_INSTALL: "runtime", ROCKPOOL_EGRESS: "public" };
    expect(loadSettings({ root, env }).unknownOptions).toEqual([
      "ROCKPOOL_EGRES is no option and changes nothing: ROCKPOOL_EGRESS is probably meant.",
      "ROCKPOOL_PORT is no option and changes nothing.",
    ]);
    expect(loadSettings({ root: project(), env: {} }).unknownOptions).toEqual([]);
  });

  it("say so when .env cannot be read", ({ expect }) => {
    const root = project();
    mkdirSync(join(root, ".env"));
    expect(() => loadSettings({ root, env: {} })).toThrow(
      expect.objectContaining({ code: "config/env_file_unreadable", exitStatus: 78 }),
    );
  });
});

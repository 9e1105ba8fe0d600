import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, onTestFinished } from "vitest";
import {
  type DataFolder,
  dataFolderAt,
  prepareDataFolder,
} from "../../../../local-runtime/data-folder.ts";
import { checkOptions } from "../../../../local-runtime/doctor/box.ts";
import { failure, renderFindings } from "../../../../local-runtime/doctor/check.ts";
import {
  checkDataFolder,
  checkDiskSpace,
  checkMasterKey,
} from "../../../../local-runtime/doctor/data.ts";
import { checkModel } from "../../../../local-runtime/doctor/model.ts";
import { checkModelServers } from "../../../../local-runtime/doctor/model-servers.ts";
import {
  checkModelServer,
  checkPort,
  checkPublicUrl,
  checkServer,
} from "../../../../local-runtime/doctor/server.ts";
import { HostError } from "../../../../local-runtime/host-error.ts";
import { openMasterKey } from "../../../../local-runtime/keys/master-key.ts";
import { writeLibrary } from "../../../../local-runtime/model-server/library.ts";
import { writeModelServerState } from "../../../../local-runtime/model-server/run-state.ts";
import { loadSettings, type Settings } from "../../../../local-runtime/settings.ts";
import type { RunState } from "../../../../local-runtime/supervisor/run-state.ts";
import { writeGguf } from "../../../support/gguf-file.ts";

function temporaryFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), "rockpool-doctor-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

function newFolder(): DataFolder {
  return prepareDataFolder(join(temporaryFolder(), "data"));
}

function settings(env: Record<string, string>): Settings {
  return loadSettings({ root: "/nonexistent", env });
}

/** A server that answers everything with one status and body. */
async function serve(status: number, body: string): Promise<string> {
  const server = createServer((_request, response) => {
    response.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
}

function stateAt(url: string): RunState {
  const adminSocket = "/nonexistent/admin.sock";
  return { pid: 1, workerdPid: 1, url, adminSocket, startedAtMs: 0, generation: 1 };
}

describe("the doctor's look at the options", () => {
  it("warns of a name that is none, and finds nothing wrong with those of the table", ({
    expect,
  }) => {
    expect(checkOptions(settings({ ROCKPOOL_EGRESS: "listed" })).result).toBe("ok");
    const finding = checkOptions(settings({ ROCKPOOL_EGRES: "listed" }));
    expect(finding).toMatchObject({
      result: "warn",
      detail: "ROCKPOOL_EGRES is no option and changes nothing: ROCKPOOL_EGRESS is probably meant.",
    });
    expect(finding.fix).toContain("docs/configuration.md");
  });
});

describe("the doctor's look at the data folder", () => {
  it("finds nothing wrong with a good one, or with none", ({ expect }) => {
    const folder = newFolder();
    openMasterKey(folder);
    const fresh = dataFolderAt(join(temporaryFolder(), "not", "yet"));
    for (const each of [folder, fresh]) {
      expect(checkDataFolder(each).result).toBe("ok");
      expect(checkMasterKey(each).result).toBe("ok");
      expect(checkDiskSpace(each).detail).toMatch(/^\d+ MB free$/);
    }
  });

  it("finds what others can enter or read, and says which command closes it", ({ expect }) => {
    const folder = newFolder();
    openMasterKey(folder);
    chmodSync(folder.root, 0o755);
    chmodSync(folder.masterKey, 0o644);
    expect(checkDataFolder(folder)).toMatchObject({
      result: "fail",
      fix: `chmod 700 ${folder.root}`,
    });
    expect(checkMasterKey(folder)).toMatchObject({
      result: "fail",
      fix: `chmod 600 ${folder.masterKey}`,
    });
  });

  it("finds a missing key and a file in the folder's place", ({ expect }) => {
    const folder = newFolder();
    writeFileSync(join(folder.objects, "x"), "");
    expect(checkMasterKey(folder)).toMatchObject({
      result: "fail",
      detail: expect.stringContaining("master.key is missing"),
    });
    const path = join(temporaryFolder(), "data");
    writeFileSync(path, "");
    expect(checkDataFolder(dataFolderAt(path))).toMatchObject({
      result: "fail",
      detail: `The data folder ${path} is not a folder.`,
    });
  });
});

describe("the doctor's look at the network", () => {
  it("knows its own server by its state, and another program by the taken port", async ({
    expect,
  }) => {
    const url = await serve(200, "");
    const env = { PORT: new URL(url).port };
    expect((await checkPort(settings(env), stateAt(url))).result).toBe("ok");
    expect(await checkPort(settings(env), undefined)).toMatchObject({
      result: "fail",
      fix: expect.stringContaining(`PORT=${Number(env.PORT) + 1} npm start`),
    });
    expect((await checkPort(settings({ PORT: "0" }), undefined)).result).toBe("ok");
  });

  it("tells a ready server from one that is not, and from one that is away", async ({ expect }) => {
    expect((await checkServer(settings({}), stateAt(await serve(200, "")))).result).toBe("ok");
    expect(await checkServer(settings({}), stateAt(await serve(503, "")))).toMatchObject({
      result: "fail",
      detail: "it answers 503 to /readyz",
    });
    expect(await checkServer(settings({}), stateAt("http://127.0.0.1:9"))).toMatchObject({
      result: "fail",
      detail: "it does not answer at http://127.0.0.1:9",
    });
    expect((await checkServer(settings({}), undefined)).result).toBe("ok");
  });

  it("says that the public address cannot be judged when the server does not answer", async ({
    expect,
  }) => {
    expect(await checkPublicUrl(stateAt("http://127.0.0.1:9"))).toMatchObject({
      result: "fail",
      detail: "The server is not running.",
    });
  });

  it.for([
    ['{"models":[{"name":"qwen3:4b"}]}', "ok", "1 installed"],
    ['{"models":[]}', "warn", "no model is installed"],
    ["<html>", "warn", "no Ollama-compatible server answers"],
  ] as const)("judges a model server that answers %s", async ([body, result, says], { expect }) => {
    const url = await serve(200, body);
    const finding = await checkModelServer(settings({ ROCKPOOL_MODEL_URL: url }));
    expect(finding).toMatchObject({ result, detail: expect.stringContaining(says) });
  });

  it("warns where no model server is", async ({ expect }) => {
    const finding = await checkModelServer(settings({ ROCKPOOL_MODEL_URL: "http://127.0.0.1:9" }));
    expect(finding).toMatchObject({
      result: "warn",
      fix: expect.stringContaining("ollama pull qwen3:4b"),
    });
  });
});

describe("a finding", () => {
  it("is a line, with what to do under it where something is wrong", ({ expect }) => {
    const error = new HostError({ code: "key/missing", message: "It is gone.", fix: "Find it." });
    expect(
      renderFindings([{ what: "Node", result: "ok", detail: "24" }, failure("Key", error)]),
    ).toBe("ok    Node: 24\nfail  Key: It is gone.\n      → Find it.");
  });
});

describe("the check of the built-in model server", () => {
  function chooseBuiltin(file: string, env: Record<string, string> = {}) {
    const folder = newFolder();
    const models = [{ name: "small", file }];
    writeLibrary(folder, { models, chosen: { server: "builtin", name: "small" } });
    const root = temporaryFolder();
    const engine = join(root, "local-runtime", "model-server", "engine");
    mkdirSync(engine, { recursive: true });
    writeFileSync(join(engine, "package-lock.json"), "{}");
    return { root, folder, settings: settings(env), running: false };
  }

  it("says that the file is gone", async ({ expect }) => {
    expect(await checkModel(chooseBuiltin("/nonexistent/a.gguf"))).toMatchObject({
      result: "fail",
      detail: "the file of small is gone or damaged (/nonexistent/a.gguf)",
    });
  });

  it("says that the engine is missing, or that the server is not up", async ({ expect }) => {
    const file = join(temporaryFolder(), "a.gguf");
    writeGguf(file);
    const check = chooseBuiltin(file);
    expect(await checkModel(check)).toMatchObject({
      result: "warn",
      detail: "built in, with small; its engine is not installed",
    });
    expect(await checkModel({ ...check, running: true })).toMatchObject({
      result: "warn",
      detail: "the built-in one is not up, with small",
    });
    writeModelServerState(check.folder, { url: "http://127.0.0.1:1", model: "small", pid: 1 });
    expect(await checkModel({ ...check, running: true })).toMatchObject({
      result: "ok",
      detail: "built in, at http://127.0.0.1:1, with small",
    });
  });

  it("looks at the other server where an address is set", async ({ expect }) => {
    const check = chooseBuiltin("/nonexistent/a.gguf", {
      ROCKPOOL_MODEL_URL: "http://127.0.0.1:9",
    });
    expect(await checkModel(check)).toMatchObject({
      result: "warn",
      detail: "no Ollama-compatible server answers at http://127.0.0.1:9",
    });
  });

  it("says that the library cannot be read", async ({ expect }) => {
    const check = chooseBuiltin("a.gguf");
    writeFileSync(check.folder.modelLibrary, "{");
    expect(await checkModel(check)).toMatchObject({
      result: "fail",
      detail: expect.stringContaining("it is not JSON"),
    });
  });
});

describe("further model servers", () => {
  const folder = dataFolderAt("/nonexistent");

  it("are judged each by the list that its kind answers with", async ({ expect }) => {
    const cpp = await serve(200, '{"data":[{"id":"a"},{"id":"b"}]}');
    const lan = await serve(200, '{"models":[{"name":"a"}]}');
    const keyed = await serve(401, "{}");
    const servers = `cpp=openai+${cpp}/v1,lan=ollama+${lan},hub=openai+${keyed},off=openai+http://127.0.0.1:9`;
    const findings = await checkModelServers(settings({ ROCKPOOL_MODEL_SERVERS: servers }), folder);
    expect(findings.map(({ what, result, detail }) => [what, result, detail])).toEqual([
      ["Model server cpp", "ok", `2 listed at ${cpp}/v1`],
      ["Model server lan", "ok", `1 listed at ${lan}`],
      ["Model server hub", "warn", `it does not take the key (${keyed})`],
      ["Model server off", "warn", "no server of the kind openai answers at http://127.0.0.1:9"],
    ]);
  });

  it("are none where none are named", async ({ expect }) => {
    expect(await checkModelServers(settings({}), folder)).toEqual([]);
  });
});

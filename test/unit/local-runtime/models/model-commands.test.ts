import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, onTestFinished } from "vitest";
import { prepareDataFolder } from "../../../../local-runtime/data-folder.ts";
import { MODEL_CATALOGUE } from "../../../../local-runtime/model-server/catalogue.ts";
import {
  isModelName,
  type Library,
  loadLibrary,
  writeLibrary,
} from "../../../../local-runtime/model-server/library.ts";
import { benchModel, renderFigures } from "../../../../local-runtime/models/bench-model.ts";
import { listModels, renderModelList } from "../../../../local-runtime/models/list-models.ts";
import { adviseMemory } from "../../../../local-runtime/models/memory-advice.ts";
import { openModelBox } from "../../../../local-runtime/models/model-box.ts";
import { renderBar } from "../../../../local-runtime/models/progress.ts";
import { pullBuiltin, pullOllama } from "../../../../local-runtime/models/pull-model.ts";
import { removeModel } from "../../../../local-runtime/models/remove-model.ts";
import {
  describeOneModel,
  renderModelDetails,
} from "../../../../local-runtime/models/show-model.ts";
import { nameOfFile, useModel } from "../../../../local-runtime/models/use-model.ts";
import { createShell } from "../../../../local-runtime/shell.ts";
import { writeGguf } from "../../../support/gguf-file.ts";

const NOWHERE = "http://127.0.0.1:9";
const TAGS = {
  models: [
    {
      name: "qwen3:4b",
      size: 2.5e9,
      details: { parameter_size: "4.0B", quantization_level: "Q4_K_M" },
    },
    { name: "tiny:latest", size: 7e7 },
  ],
};

type Routes = Record<string, (body: string, response: ServerResponse) => void>;

const json = (value: unknown) => (_: string, response: ServerResponse) =>
  response.end(JSON.stringify(value));

/** A server with Ollama's list of models, and what the test adds. */
async function serveOllama(routes: Routes = {}) {
  const asked: string[] = [];
  const all: Routes = { "GET /api/tags": json(TAGS), ...routes };
  const server = createServer(async (request: IncomingMessage, response) => {
    let body = "";
    for await (const bytes of request) body += String(bytes);
    const key = `${request.method} ${request.url}`;
    asked.push(`${key} ${body}`.trim());
    const route = all[key];
    if (route) route(body, response);
    else response.writeHead(404).end('{"error":"model not found"}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`, asked };
}

/** A box with a pulled model, a file of the owner's own, and a library that says so. */
function openBox(ollamaUrl: string, chosen?: Library["chosen"], env: Record<string, string> = {}) {
  const dir = mkdtempSync(join(tmpdir(), "rockpool-models-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const folder = prepareDataFolder(join(dir, "data"));
  mkdirSync(folder.models);
  writeGguf(join(folder.models, "pulled.gguf"));
  const own = join(dir, "own.gguf");
  writeGguf(own);
  const models = [
    { name: "pulled:1b", file: "pulled.gguf" },
    { name: "own", file: own },
  ];
  writeLibrary(folder, { models, ...(chosen ? { chosen } : {}) });
  // The default address is replaced, without counting as one that the owner has set.
  const shell = createShell({
    root: dir,
    json: true,
    env: { ROCKPOOL_DATA: folder.root, ...env },
    workingDir: dir,
  });
  const box = () => ({ ...openModelBox(shell), ollamaUrl });
  return { box, folder, own, dir };
}

const BUILTIN = { server: "builtin", name: "own" } as const;

describe("the list of models", () => {
  it("has those of both servers, the one that answers, and those that can be pulled", async ({
    expect,
  }) => {
    const { url } = await serveOllama();
    const { box } = openBox(url, BUILTIN);
    const list = await listModels(box());
    expect(list.models.map(({ name, server, chosen }) => [name, server, chosen])).toEqual([
      ["pulled:1b", "builtin", false],
      ["own", "builtin", true],
      ["qwen3:4b", "ollama", false],
      ["tiny:latest", "ollama", false],
    ]);
    const text = renderModelList(list);
    expect(text).toContain("* own");
    expect(text).toContain("The built-in server answers, with own.");
    expect(text).toContain("qwen3:1.7b");
  });

  it("says which file is gone, and that no server answers", async ({ expect }) => {
    const { box, own } = openBox(NOWHERE);
    rmSync(own);
    const list = await listModels(box());
    expect(list.models[1]).toMatchObject({ problem: `the file ${own} is gone, or is no model` });
    expect(renderModelList(list)).toContain("No server at http://127.0.0.1:9 answers.");
  });

  it("names each model that can be pulled as the library may, at one revision and hash", ({
    expect,
  }) => {
    for (const { name, url, sha256, sizeBytes } of MODEL_CATALOGUE) {
      expect(isModelName(name), name).toBe(true);
      expect(url).toMatch(/^https:\/\/[^/]+\/.+\/[0-9a-f]{40}\/[^/]+\.gguf$/);
      expect(sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(sizeBytes).toBeGreaterThan(1e8);
    }
  });
});

describe("a model of Ollama", () => {
  it("is chosen where it is there", async ({ expect }) => {
    const { url, asked } = await serveOllama();
    const { box, folder } = openBox(url);
    const used = await useModel(box(), "qwen3:4b", {});
    expect(used).toEqual({ model: "qwen3:4b", server: "ollama", reloaded: false, warnings: [] });
    expect(loadLibrary(folder).chosen).toEqual({ server: "ollama", name: "qwen3:4b" });
    expect(asked).toEqual(["GET /api/tags"]);
  });

  it("is pulled first where it is not, over lines that come in pieces", async ({ expect }) => {
    const { url, asked } = await serveOllama({
      "POST /api/pull": (_, response) => {
        response.write('{"status":"pulling 1","total":10,"comp');
        setImmediate(() => response.end('leted":4}\n{"status":"success"}\n'));
      },
    });
    const { box, folder } = openBox(url);
    await useModel(box(), "new:1b", {});
    expect(asked[1]).toBe('POST /api/pull {"model":"new:1b"}');
    expect(loadLibrary(folder).chosen?.name).toBe("new:1b");
  });

  it.for([
    ['{"error":"pull model manifest: file does not exist"}\n', "file does not exist"],
    ['{"status":"pulling 1"}\n', "it ended before it was done"],
    ["<html>\n", "what it says cannot be understood"],
  ] as const)("is not chosen where the pull says %s", async ([answer, message], { expect }) => {
    const { url } = await serveOllama({ "POST /api/pull": (_, response) => response.end(answer) });
    const { box, folder } = openBox(url);
    await expect(useModel(box(), "new:1b", {})).rejects.toMatchObject({
      code: "model/server_failed",
      message: expect.stringContaining(message),
    });
    expect(loadLibrary(folder).chosen).toBeUndefined();
    await expect(pullOllama({ ...box(), ollamaUrl: NOWHERE }, "new:1b")).rejects.toMatchObject({
      message: "The model server could not do it: nothing answers at http://127.0.0.1:9.",
    });
  });

  it("is shown and removed", async ({ expect }) => {
    const { url, asked } = await serveOllama({
      "POST /api/show": json({
        capabilities: ["completion", "tools"],
        details: { family: "qwen3", parameter_size: "4.0B" },
        model_info: { "qwen3.context_length": 40_960 },
      }),
      "DELETE /api/delete": json({}),
    });
    const { box } = openBox(url);
    const details = await describeOneModel(box(), "qwen3:4b");
    expect(details).toMatchObject({ server: "ollama", contextTokens: 40_960 });
    expect(renderModelDetails(details)).toContain("completion, tools");
    expect(await removeModel(box(), "qwen3:4b")).toMatchObject({ server: "ollama" });
    expect(asked.at(-1)).toBe('DELETE /api/delete {"model":"qwen3:4b"}');
  });

  it("that is not there is said to be missing", async ({ expect }) => {
    const { url } = await serveOllama();
    const { box } = openBox(url);
    for (const work of [describeOneModel, removeModel])
      await expect(work(box(), "no:1b")).rejects.toMatchObject({
        code: "model/missing",
        message: `There is no model "no:1b" (${url}).`,
        exitStatus: 69,
      });
  });
});

describe("a model of the built-in server", () => {
  it("is shown with the memory that it takes", async ({ expect }) => {
    const { box, own } = openBox(NOWHERE);
    const details = await describeOneModel(box(), "own");
    expect(details).toMatchObject({
      server: "builtin",
      file: own,
      capabilities: ["completion", "tools"],
    });
    expect(renderModelDetails(details)).toMatch(
      /Memory {5}it takes about 0\.\d GB with a context of 4096/,
    );
  });

  it("is deleted where it was pulled, and only forgotten where it is the owner's", async ({
    expect,
  }) => {
    const { box, folder, own } = openBox(NOWHERE);
    expect(await removeModel(box(), "pulled:1b")).toMatchObject({ fileDeleted: true });
    expect(existsSync(join(folder.models, "pulled.gguf"))).toBe(false);
    expect(await removeModel(box(), "own")).toMatchObject({ fileDeleted: false });
    expect(existsSync(own)).toBe(true);
    expect(loadLibrary(folder).models).toEqual([]);
  });

  it("is not removed while it answers", async ({ expect }) => {
    const { box, own } = openBox(NOWHERE, BUILTIN);
    await expect(removeModel(box(), "own")).rejects.toMatchObject({
      code: "model/in_use",
      message: "own is the model that answers.",
    });
    expect(existsSync(own)).toBe(true);
  });

  it("comes from the list by its name, is kept under it, and not pulled twice", async ({
    expect,
  }) => {
    const { url, asked } = await serveOllama({
      "GET /weights.gguf": (_, response) => response.end("weights"),
    });
    const { box, folder } = openBox(NOWHERE);
    const entry = {
      name: "new:1b",
      url: `${url}/weights.gguf`,
      sizeBytes: 7,
      sha256: "0".repeat(64),
      licence: "MIT",
      doc: "",
    };
    await expect(pullBuiltin(box(), "new:1b", entry)).rejects.toMatchObject({
      code: "model/wrong_hash",
    });
    expect(loadLibrary(folder).models).toHaveLength(2);
    const sha256 = createHash("sha256").update("weights").digest("hex");
    await pullBuiltin(box(), "new:1b", { ...entry, sha256 });
    await pullBuiltin(box(), "new:1b", { ...entry, sha256 });
    expect(readFileSync(join(folder.models, "new-1b.gguf"), "utf8")).toBe("weights");
    expect(loadLibrary(folder).models.at(-1)).toEqual({
      name: "new:1b",
      file: "new-1b.gguf",
      sha256,
    });
    expect(asked).toHaveLength(2);
  });

  it("that nobody lists is refused with those that there are", async ({ expect }) => {
    const { box } = openBox(NOWHERE);
    await expect(pullBuiltin(box(), "no:1b")).rejects.toMatchObject({
      code: "model/unknown",
      fix: expect.stringContaining("qwen3:0.6b, qwen3:1.7b"),
    });
  });

  it.for([
    ["missing.gguf", {}, "usage/bad_argument", "There is no file"],
    ["text.gguf", {}, "model/not_gguf", "it does not begin with GGUF"],
    ["bert.gguf", {}, "usage/bad_argument", "is a model for embeddings"],
    ["own.gguf", { name: "No Name" }, "usage/bad_argument", '"No Name" is no name'],
    ["own.gguf", { server: "ollama" }, "usage/bad_argument", "A file is for the built-in server"],
  ] as const)("is not made of %s with %j", async ([file, flags, code, message], { expect }) => {
    const { box, dir, folder } = openBox(NOWHERE);
    writeFileSync(join(dir, "text.gguf"), "text");
    writeGguf(join(dir, "bert.gguf"), { "general.architecture": "bert" });
    const before = loadLibrary(folder);
    await expect(useModel(box(), file, flags)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
    expect(loadLibrary(folder)).toEqual(before);
  });

  it.for([
    ["/srv/Qwen3-4B-Q4_K_M.gguf", "qwen3-4b-q4_k_m"],
    ["./My Model (1).GGUF", "my-model-1-"],
    ["--x.gguf", "x"],
  ] as const)("is called after its file %s: %s", ([path, name], { expect }) => {
    expect(nameOfFile(path)).toBe(name);
    expect(isModelName(name)).toBe(true);
  });
});

describe("what the owner is told", () => {
  it("when an option stands above the choice", async ({ expect }) => {
    const { url } = await serveOllama();
    const { box } = openBox(url, undefined, { ROCKPOOL_MODEL: "other" });
    const { warnings } = await useModel(box(), "qwen3:4b", {});
    expect(warnings).toEqual([
      "ROCKPOOL_MODEL is set: other answers until you take the option away.",
    ]);
  });

  it("about memory", ({ expect }) => {
    const facts = { sizeBytes: 2.5e9, tokenBytes: 147_456, contextTokens: 40_960 };
    const advice = adviseMemory(facts, 8_192, 3e9);
    expect(advice.fits).toBe(false);
    expect(advice.text).toBe(
      "it takes about 4.0 GB with a context of 8192 tokens; 3.0 GB are available",
    );
    expect(adviseMemory(facts, 1_024, 3e9).fits).toBe(true);
  });

  it("about a transfer", ({ expect }) => {
    expect(renderBar("qwen3:4b", 5e6, 1e7)).toBe(
      "qwen3:4b  [############............] 50 %  5.0 MB of 10.0 MB",
    );
    expect(renderBar("verifying", 0, 0)).toBe("verifying");
  });
});

describe("the speed of a model", () => {
  it("is of what was evaluated anew, the middle of three rounds", async ({ expect }) => {
    let round = 0;
    const { url, asked } = await serveOllama({
      "POST /api/chat": (_, response) => {
        round += 1;
        response.end(
          JSON.stringify({
            done: true,
            prompt_eval_count: 210,
            prompt_cached_count: 10,
            prompt_eval_duration: round * 1e9,
            eval_count: 64,
            eval_duration: round * 2e9,
          }),
        );
      },
    });
    const { box } = openBox(url, undefined, { ROCKPOOL_MODEL_URL: url });
    const notes: string[] = [];
    const figures = await benchModel(box(), (text) => notes.push(text));
    expect(figures).toMatchObject({ model: "tiny:latest", rounds: 3 });
    expect(figures.promptTokensPerSecond).toBeCloseTo(200 / 3);
    expect(figures.outputTokensPerSecond).toBeCloseTo(64 / 6);
    expect(renderFigures(figures)).toContain("reads   66.7 tokens a second");
    const prompts = asked.filter((line) => line.includes("messages"));
    expect(new Set(prompts).size).toBe(3);
  });

  it("cannot be measured while the built-in server does not run", async ({ expect }) => {
    const { box } = openBox(NOWHERE, BUILTIN);
    await expect(benchModel(box(), () => {})).rejects.toMatchObject({
      code: "model/not_running",
      message: "The built-in model server runs beside Rockpool, and that is not running.",
    });
  });
});

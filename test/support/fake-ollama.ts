/**
 * A model server for tests and benches that speaks what Rockpool uses of Ollama's protocol, and of OpenAI's: streams, loads, slots,
 * cancelled chats and faults. GET /stats counts, POST /control changes the settings of the running server.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { ValiError } from "valibot";
import { findModel, renderPs, renderShow, renderTags } from "./fake-ollama-catalogue.ts";
import { answerChat, type FakeState, Refusal, type StrikingFault } from "./fake-ollama-chat.ts";
import { answerEmbed } from "./fake-ollama-embed.ts";
import { HoldGate, Loader, Slots } from "./fake-ollama-queue.ts";
import {
  FAST_SETTINGS,
  type FakeChange,
  type FakeSettings,
  parseChange,
} from "./fake-ollama-settings.ts";
import { answerOpenAi, knowsOpenAiPath, type OpenAiState } from "./fake-openai.ts";

const MAX_BODY_BYTES = 64 * 1024 * 1024;
const RETRY_AFTER_S = 2;

interface FakeOllamaOptions extends FakeChange {
  /** 0, the default, takes a free one. */
  port?: number;
}

function createCounters() {
  return { chats: 0, completed: 0, warmUps: 0, aborted: 0, tokensOut: 0, lastChat: undefined };
}

class FakeOllamaState implements OpenAiState {
  lastBody: unknown;
  settings: FakeSettings;
  counters: FakeState["counters"] = createCounters();
  requestsByPath: Record<string, number> = {};
  faults: Record<string, number> = {};
  readonly gate = new HoldGate();
  readonly loader = new Loader();
  readonly slots: Slots;
  #random: number;

  constructor(settings: FakeSettings) {
    this.settings = settings;
    this.slots = new Slots(settings.parallel);
    this.#random = settings.seed || 1;
    this.gate.set(!settings.hold);
  }

  control(change: FakeChange): FakeSettings {
    this.settings = { ...this.settings, ...change };
    if (change.seed !== undefined) this.#random = change.seed || 1;
    this.slots.resize(this.settings.parallel);
    this.gate.set(!this.settings.hold);
    return this.settings;
  }

  drawFault(): StrikingFault {
    const { fault, rate } = this.settings;
    if (fault === "none" || this.#draw() >= rate) return "none";
    this.faults[fault] = (this.faults[fault] ?? 0) + 1;
    return fault;
  }

  stats() {
    return {
      ...this.counters,
      requestsByPath: { ...this.requestsByPath },
      faults: { ...this.faults },
      /** Chats that hold a slot, that wait for one, and that are held by the test. */
      active: this.slots.busy,
      queued: this.slots.queued,
      held: this.gate.held,
      /** Of the OpenAI API, as it came. */
      lastBody: this.lastBody,
      loads: this.loader.loads,
      loaded: [...this.loader.loaded.keys()],
    };
  }

  resetStats(): void {
    this.counters = createCounters();
    this.requestsByPath = {};
    this.faults = {};
    this.loader.loads = 0;
    this.lastBody = undefined;
  }

  /** Xorshift: the same seed gives the same faults. */
  #draw(): number {
    let next = this.#random;
    next ^= next << 13;
    next ^= next >>> 17;
    next ^= next << 5;
    this.#random = next >>> 0;
    return this.#random / 2 ** 32;
  }
}

type FakeStats = ReturnType<FakeOllamaState["stats"]>;

export interface FakeOllama {
  url: string;
  stats(): FakeStats;
  resetStats(): void;
  /** Throws a ValiError for a setting that does not exist or has a wrong value. */
  control(change: FakeChange): FakeSettings;
  /** Forgets what is loaded, as after keep_alive. */
  unload(): void;
  /** Takes no more requests, on connections that are still open neither; chats that run go on until `close`. */
  leave(): void;
  close(): Promise<void>;
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_BODY_BYTES) throw new Refusal(413, "request body too large");
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw new Refusal(400, "invalid character in request body");
  }
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const retry = status === 429 || status === 503 ? { "retry-after": `${RETRY_AFTER_S}` } : {};
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...retry });
  response.end(JSON.stringify(value));
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain" });
  response.end(text);
}

function showModel(state: FakeOllamaState, body: unknown) {
  const name =
    body && typeof body === "object" && "model" in body && typeof body.model === "string"
      ? body.model
      : "";
  const model = findModel(name, state.settings.installed);
  if (!model) throw new Refusal(404, `model '${name}' not found`);
  return renderShow(model);
}

/** Fires when the client goes away before its answer is whole. */
function watchClient(state: FakeOllamaState, response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once("close", () => {
    if (response.writableFinished) return;
    state.counters.aborted += 1;
    controller.abort();
  });
  return controller.signal;
}

async function route(state: FakeOllamaState, request: IncomingMessage, response: ServerResponse) {
  const path = request.url?.split("?")[0] ?? "/";
  if (/^\/(api|v1)\//.test(path)) {
    state.requestsByPath[path] = (state.requestsByPath[path] ?? 0) + 1;
  }
  switch (`${request.method} ${path}`) {
    case "GET /":
      return sendText(response, 200, "Ollama is running");
    case "GET /api/version":
      return sendJson(response, 200, { version: "0.99.0-fake" });
    case "GET /api/tags":
      return sendJson(response, 200, renderTags(state.settings.installed));
    case "GET /api/ps":
      return sendJson(response, 200, renderPs(state.loader.loaded));
    case "POST /api/show":
      return sendJson(response, 200, showModel(state, await readJson(request)));
    case "POST /api/chat": {
      const body = await readJson(request);
      return answerChat(state, { body, request, response, signal: watchClient(state, response) });
    }
    case "POST /api/embed":
      return sendJson(response, 200, answerEmbed(state, await readJson(request)));
    case "GET /stats":
      return sendJson(response, 200, state.stats());
    case "POST /stats/reset":
      state.resetStats();
      return sendJson(response, 200, state.stats());
    case "GET /control":
      return sendJson(response, 200, state.settings);
    case "POST /control":
      return sendJson(response, 200, state.control(parseChange(await readJson(request))));
    default:
      return routeOpenAi(state, path, request, response);
  }
}

/** Its failures are objects where Ollama's are sentences. */
async function routeOpenAi(
  state: FakeOllamaState,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
) {
  if (!knowsOpenAiPath(state, path)) return sendText(response, 404, "404 page not found");
  try {
    const answer = await answerOpenAi(state, path, {
      request,
      response,
      readBody: () => readJson(request),
      watch: () => watchClient(state, response),
    });
    if (answer) sendJson(response, 200, answer);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { status, message } = error;
    sendJson(response, status, { error: { code: status, message, type: "fake_error" } });
  }
}

function sendFailure(error: unknown, response: ServerResponse): void {
  if (response.destroyed) return;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const status = error instanceof Refusal ? error.status : error instanceof ValiError ? 400 : 500;
  sendJson(response, status, { error: error instanceof Error ? error.message : "failed" });
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", 4096, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("not a TCP server");
  return address.port;
}

export async function startFakeOllama(options: FakeOllamaOptions = {}): Promise<FakeOllama> {
  const { port = 0, ...change } = options;
  const state = new FakeOllamaState({ ...FAST_SETTINGS, ...parseChange(change) });
  let left = false;
  const server = createServer(
    { keepAliveTimeout: 75_000, requestTimeout: 0 },
    (request, response) => {
      if (left) request.socket.destroy();
      else route(state, request, response).catch((error) => sendFailure(error, response));
    },
  );
  const listeningPort = await listen(server, port);
  return {
    url: `http://127.0.0.1:${listeningPort}`,
    stats: () => state.stats(),
    resetStats: () => state.resetStats(),
    control: (settings) => state.control(parseChange(settings)),
    unload: () => state.loader.loaded.clear(),
    leave() {
      left = true;
      server.close();
      server.closeIdleConnections();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/**
 * The built-in model server: Ollama's API as far as Rockpool and Ollama's own clients need it, on loopback. A page in a
 * browser is turned away: it could otherwise reach a server that trusts everybody on this machine.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { renderLoaded, renderShow, renderTag, type ServedModel } from "./answers.ts";
import { answerChat } from "./chat-answer.ts";
import { embed } from "./embed-answer.ts";
import { type Engine, PromptTooLong } from "./engine.ts";
import { BodyTooLarge, readJsonBody } from "./http-body.ts";
import { QueueFull } from "./job-queue.ts";
import { neededBytes } from "./model-facts.ts";
import { ModelRunner } from "./model-runner.ts";
import { ModelShelf, type ShelfModel } from "./model-shelf.ts";
import { BadRequest, parseChat, parseEmbed, parseShow } from "./requests.ts";

/** What clients compare: the version of Ollama whose API is spoken. */
const API_VERSION = "0.12.0";
const MAX_CONNECTIONS = 128;
/** For a request's head and body to come in. */
const REQUEST_TIMEOUT_MS = 30_000;
const MAX_ERROR_UNITS = 300;
const LOOPBACK_HOST = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;

export interface ModelServerOptions {
  engine: Engine;
  /** What the library holds at that moment. */
  models(): ServedModel[];
  /** Rockpool's own version. */
  version: string;
}

interface Call {
  request: IncomingMessage;
  response: ServerResponse;
  shelf: ModelShelf;
  runner: ModelRunner;
  options: ModelServerOptions;
}

class NotFound extends Error {}

type Route = (call: Call) => Promise<void>;

const ROUTES: Readonly<Record<string, Route>> = {
  "GET /": async ({ response }) => sendText(response, 200, "Ollama is running"),
  "HEAD /": async ({ response }) => sendText(response, 200, "Ollama is running"),
  "GET /api/version": async ({ response, options }) =>
    sendJson(response, 200, {
      version: API_VERSION,
      server: `rockpool ${options.version}`,
      engine: options.engine.version,
    }),
  "GET /api/tags": async ({ response, shelf }) =>
    sendJson(response, 200, {
      models: shelf.all().map((model) => renderTag(model, model.facts, model.modifiedAtMs)),
    }),
  "GET /api/ps": async ({ response, shelf, runner }) =>
    sendJson(response, 200, { models: listLoaded(shelf, runner) }),
  "POST /api/show": async (call) => {
    const name = parseShow(await readJsonBody(call.request));
    sendJson(call.response, 200, renderShow(findModel(call.shelf, name).facts));
  },
  "POST /api/embed": async ({ request, response, shelf, runner }) => {
    const call = parseEmbed(await readJsonBody(request));
    const model = findModel(shelf, call.model);
    sendJson(response, 200, await embed({ call, model, runner, signal: goneSignal(response) }));
  },
  "POST /api/chat": async ({ request, response, shelf, runner }) => {
    const call = parseChat(await readJsonBody(request));
    const model = findModel(shelf, call.model);
    await answerChat({ call, model, runner, response, signal: goneSignal(response) });
  },
};

export function createModelServer(options: ModelServerOptions): Server {
  const shelf = new ModelShelf(options.models);
  const runner = new ModelRunner(options.engine);
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    response.on("error", () => {}); // the client has gone; "close" follows
    void answer({ request, response, shelf, runner, options });
  });
  server.maxConnections = MAX_CONNECTIONS;
  return server;
}

/** Fires when the client has gone. */
function goneSignal(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.once("close", () => gone.abort(new Error("the client has gone")));
  return gone.signal;
}

async function answer(call: Call): Promise<void> {
  const { request, response } = call;
  try {
    const { host = "", origin } = request.headers;
    if (!LOOPBACK_HOST.test(host) || origin !== undefined)
      return sendJson(response, 403, { error: "only programs on this machine are answered" });
    const path = (request.url ?? "").split("?")[0];
    const route = ROUTES[`${request.method} ${path}`];
    if (!route) return sendText(response, 404, "404 page not found");
    await route(call);
  } catch (error) {
    sendFailure(response, error);
  } finally {
    // What is left of a body that was refused must not be taken for the next request.
    if (!request.complete) response.once("finish", () => request.destroy());
  }
}

function listLoaded(shelf: ModelShelf, runner: ModelRunner): object[] {
  const { loaded } = runner;
  const model = loaded && shelf.find(loaded.name);
  if (!loaded || !model) return [];
  const sizeBytes = neededBytes(model.facts, loaded.askedContextTokens, loaded.contexts);
  return [renderLoaded(loaded, model.facts, sizeBytes)];
}

function findModel(shelf: ModelShelf, name: string): ShelfModel {
  const model = shelf.find(name);
  if (!model) throw new NotFound(`model '${name}' not found`);
  return model;
}

function sendFailure(response: ServerResponse, error: unknown): void {
  if (response.destroyed) return;
  const message = describe(error);
  if (response.headersSent) response.end(`${JSON.stringify({ error: message })}\n`);
  else sendJson(response, statusOf(error), { error: message });
}

function statusOf(error: unknown): number {
  if (error instanceof BadRequest || error instanceof PromptTooLong) return 400;
  if (error instanceof NotFound) return 404;
  if (error instanceof BodyTooLarge) return 413;
  return error instanceof QueueFull ? 503 : 500;
}

function describe(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  // The library's own error says so by its class alone.
  if (error instanceof Error && error.constructor.name === "InsufficientMemoryError")
    return `model requires more system memory than is available (${message})`.slice(
      0,
      MAX_ERROR_UNITS,
    );
  return (message.split("\n")[0] ?? "").slice(0, MAX_ERROR_UNITS);
}

function sendJson(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(`${JSON.stringify(value)}\n`);
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain" });
  response.end(text);
}

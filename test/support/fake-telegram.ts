/**
 * A Telegram of our own on loopback: the part of the Bot API that the adapter speaks, with the refusals the real one
 * has, faults on demand and a record of every call. Plain node:http, for benchmarks run through it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import {
  answerMethod,
  type CallBody,
  type FakeState,
  type MethodAnswer,
  type ShownMessage,
} from "./fake-telegram-methods.ts";
import { readMultipart } from "./fake-telegram-multipart.ts";
import { createPollQueue, type PollQueue } from "./fake-telegram-poll.ts";
import { FAKE_TOKEN, type Update } from "./fake-telegram-updates.ts";

export interface RecordedCall {
  method: string;
  body: CallBody;
  /** By performance.now(). */
  atMs: number;
}

export type Fault = {
  /** Only calls of this method; any where absent. */
  method?: string;
  /** How many calls it hits; 1 where absent. */
  times?: number;
} & (
  | { kind: "refuse"; code: number; description?: string; retryAfterSeconds?: number }
  /** Cuts the connection; with `taken`, after the call was carried out. */
  | { kind: "reset"; taken?: boolean }
  | { kind: "delay"; ms: number }
  /** Answers with this body in place of JSON. */
  | { kind: "garble"; status: number; body: string }
);

export interface FakeTelegramOptions {
  token?: string;
  /** False keeps counts only, for runs of many thousand calls. */
  record?: boolean;
  onCall?: (call: RecordedCall) => void;
}

export interface FakeTelegram {
  readonly apiBase: string;
  readonly token: string;
  /** Every call that reached a method, in order; empty without `record`. */
  readonly calls: readonly RecordedCall[];
  /** Calls by method, faults included. */
  readonly counts: ReadonlyMap<string, number>;
  readonly webhook: FakeState["webhook"];
  /** Commands by language code; the empty one is the default. */
  readonly commands: ReadonlyMap<string, unknown>;
  callsOf(method: string): RecordedCall[];
  /** The messages of a chat as it shows them now. */
  messagesOf(chatId: number): ShownMessage[];
  draftOf(chatId: number): string | undefined;
  addFault(fault: Fault): void;
  clearFaults(): void;
  /** Returns the file_id. */
  addFile(bytes: Uint8Array): string;
  /** Hands updates out by getUpdates. */
  enqueue(...updates: Update[]): void;
  /** Resolves as soon as `holds` does, looked at after each call. Rejects after `timeoutMs`. */
  waitUntil(holds: () => boolean, timeoutMs?: number): Promise<void>;
  close(): Promise<void>;
}

interface Server extends Required<Omit<FakeTelegramOptions, "onCall">> {
  state: FakeState;
  calls: RecordedCall[];
  counts: Map<string, number>;
  faults: Fault[];
  polls: PollQueue;
  afterCall: Set<() => void>;
  onCall: FakeTelegramOptions["onCall"];
}

async function readBody(request: IncomingMessage): Promise<CallBody> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const type = request.headers["content-type"] ?? "";
  const boundary = /boundary=(.+)$/.exec(type)?.[1];
  if (boundary) return readMultipart(body, boundary);
  return body.length === 0 ? {} : JSON.parse(body.toString());
}

function reply(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
}

function replyAnswer(response: ServerResponse, answer: MethodAnswer): void {
  if ("result" in answer) {
    reply(response, 200, JSON.stringify({ ok: true, result: answer.result }));
    return;
  }
  const { code, description, retryAfterSeconds } = answer.refusal;
  const parameters =
    retryAfterSeconds === undefined ? {} : { parameters: { retry_after: retryAfterSeconds } };
  reply(
    response,
    code,
    JSON.stringify({ ok: false, error_code: code, description, ...parameters }),
  );
}

function takeFault(server: Server, method: string): Fault | undefined {
  const index = server.faults.findIndex((fault) => (fault.method ?? method) === method);
  const fault = server.faults[index];
  if (!fault) return undefined;
  const left = (fault.times ?? 1) - 1;
  if (left > 0) server.faults[index] = { ...fault, times: left };
  else server.faults.splice(index, 1);
  return fault;
}

/** True where the fault answered in place of the method. */
async function runFault(fault: Fault, response: ServerResponse): Promise<boolean> {
  if (fault.kind === "delay") {
    await sleep(fault.ms);
    return false;
  }
  if (fault.kind === "reset") {
    if (!fault.taken) response.socket?.resetAndDestroy();
    return !fault.taken;
  }
  if (fault.kind === "garble") {
    reply(response, fault.status, fault.body);
    return true;
  }
  const { kind: _kind, description = "Injected fault", ...refusal } = fault;
  replyAnswer(response, { refusal: { ...refusal, description } });
  return true;
}

async function callMethod(
  server: Server,
  method: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readBody(request);
  server.counts.set(method, (server.counts.get(method) ?? 0) + 1);
  const fault = takeFault(server, method);
  if (fault && (await runFault(fault, response))) return;
  const call: RecordedCall = { method, body, atMs: performance.now() };
  if (server.record) server.calls.push(call);
  if (method === "getUpdates") {
    server.polls.poll(body, server.state.webhook !== undefined, (answer) =>
      replyAnswer(response, answer),
    );
  } else {
    const answer = answerMethod(server.state, method, body);
    if (fault?.kind === "reset") response.socket?.resetAndDestroy();
    else replyAnswer(response, answer);
  }
  server.onCall?.(call);
  for (const look of server.afterCall) look();
}

async function handle(
  server: Server,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = request.url ?? "";
  const methodPrefix = `/bot${server.token}/`;
  const filePrefix = `/file/bot${server.token}/files/`;
  if (path.startsWith(methodPrefix))
    return callMethod(server, path.slice(methodPrefix.length), request, response);
  const file = path.startsWith(filePrefix)
    ? server.state.files.get(path.slice(filePrefix.length))
    : undefined;
  const fault = takeFault(server, "download");
  if (fault && (await runFault(fault, response))) return;
  if (file) {
    response.writeHead(200, { "content-length": file.length });
    response.end(file);
    return;
  }
  const isMethod = path.startsWith("/bot");
  replyAnswer(response, {
    refusal: isMethod
      ? { code: 401, description: "Unauthorized" }
      : { code: 404, description: "Not Found" },
  });
}

function createState(record: boolean): FakeState {
  return {
    messages: new Map(),
    drafts: new Map(),
    files: new Map(),
    webhook: undefined,
    commands: new Map(),
    nextMessageId: 100_001,
    record,
  };
}

/** Resolves when `holds`, by looking after each call. */
function waitUntil(server: Server, holds: () => boolean, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      clearTimeout(timer);
      server.afterCall.delete(look);
      settle();
    };
    const look = () => {
      if (holds()) end(resolve);
    };
    const timer = setTimeout(
      () =>
        end(() => reject(new Error(`Not within ${timeoutMs} ms; calls: ${[...server.counts]}`))),
      timeoutMs,
    );
    server.afterCall.add(look);
    look();
  });
}

export async function startFakeTelegram(options: FakeTelegramOptions = {}): Promise<FakeTelegram> {
  const { token = FAKE_TOKEN, record = true, onCall } = options;
  const server: Server = {
    token,
    record,
    onCall,
    state: createState(record),
    calls: [],
    counts: new Map(),
    faults: [],
    polls: createPollQueue(),
    afterCall: new Set(),
  };
  const http = createServer((request, response) => {
    handle(server, request, response).catch(() => response.socket?.destroy());
  });
  http.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo; // a TCP server has no other kind
  return {
    apiBase: `http://127.0.0.1:${port}`,
    token,
    calls: server.calls,
    counts: server.counts,
    commands: server.state.commands,
    get webhook() {
      return server.state.webhook;
    },
    callsOf: (method) => server.calls.filter((call) => call.method === method),
    messagesOf: (chatId) =>
      [...server.state.messages.values()].filter((message) => message.chatId === String(chatId)),
    draftOf: (chatId) => server.state.drafts.get(String(chatId)),
    addFault: (fault) => server.faults.push(fault),
    clearFaults() {
      server.faults.length = 0;
    },
    addFile(bytes) {
      const id = `file${server.state.files.size + 1}`;
      server.state.files.set(id, bytes);
      return id;
    },
    enqueue: (...updates) => server.polls.enqueue(updates),
    waitUntil: (holds, timeoutMs = 5_000) => waitUntil(server, holds, timeoutMs),
    async close() {
      server.polls.close();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

/**
 * A server on a unix socket that answers like the admin socket, with a data folder whose state file points at it.
 * For tests of the commands that talk to a running server.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeRunState } from "../../local-runtime/supervisor/run-state.ts";
import type { Problem } from "../../src/core/admin-protocol.ts";
import { type ErrorCode, errorSpec } from "../../src/core/errors.ts";

/** What a server says of itself that has one person and nothing to do. */
export const IDLE_STATUS = {
  version: "0.1.0",
  publicUrl: "",
  modelUrl: "http://127.0.0.1:11434",
  model: { status: "down", code: "model/unavailable" },
  accounts: [],
  people: 1,
  pendingPairings: 0,
  journalBacklog: 0,
  ownerKnown: true,
};

export interface AdminRequest {
  /** For example `POST /accounts`. */
  route: string;
  body: unknown;
}

/** Answers JSON with a status, or writes to the response by itself and answers nothing. */
export type AdminHandler = (
  request: AdminRequest,
  response: ServerResponse,
) => { status: number; json?: unknown } | undefined;

export interface FakeAdmin {
  dataDir: string;
  socketPath: string;
  requests: AdminRequest[];
  handle(route: string, handler: AdminHandler): void;
  /** Takes the address away; the data folder stays. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export function problem(code: ErrorCode, detail?: string): { status: number; json: Problem } {
  const { status, title, fix } = errorSpec(code);
  const type = `urn:rockpool:error:${code}`;
  const json = { type, title, status, detail: detail ?? title, code, instance: "r1", fix };
  return { status, json };
}

export async function startFakeAdmin(): Promise<FakeAdmin> {
  const dataDir = mkdtempSync(join(tmpdir(), "rockpool-admin-"));
  mkdirSync(join(dataDir, "run"));
  const socketPath = join(dataDir, "run", "admin.sock");
  const handlers = new Map<string, AdminHandler>();
  const requests: AdminRequest[] = [];
  const server = createServer(async (incoming, response) => {
    let text = "";
    for await (const chunk of incoming.setEncoding("utf8")) text += chunk;
    const route = `${incoming.method} ${incoming.url}`;
    const request = { route, body: text === "" ? undefined : (JSON.parse(text) as unknown) };
    requests.push(request);
    const handler = handlers.get(route);
    const answer = handler ? handler(request, response) : problem("http/not_found");
    if (!answer) return;
    response.writeHead(answer.status, { "content-type": "application/json" });
    response.end(answer.json === undefined ? undefined : JSON.stringify(answer.json));
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  writeRunState(dataDir, {
    pid: process.pid,
    workerdPid: process.pid,
    url: "http://127.0.0.1:8787",
    adminSocket: socketPath,
    startedAtMs: Date.now(),
    generation: 1,
  });
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return {
    dataDir,
    socketPath,
    requests,
    handle: (route, handler) => void handlers.set(route, handler),
    close,
    async [Symbol.asyncDispose]() {
      await close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

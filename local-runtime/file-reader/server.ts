/**
 * Takes files from the Worker over a socket that only this user can open, and answers with what is in them. One is opened
 * at a time; a few wait, and of more the Worker is told at once.
 */
import { rmSync } from "node:fs";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { MAX_FILE_BYTES } from "../../src/core/chat-protocol.ts";
import { FILE_WORK, type FileWork } from "../../src/core/file-reader-protocol.ts";
import { runReader } from "./run-reader.ts";

// An import would load every part of the module, the WebSocket client included, into the supervisor.
const { createServer } = process.getBuiltinModule("node:http");

/** Files that wait while one is opened. */
export const MAX_WAITING = 8;

const TYPES: Readonly<Record<FileWork, string>> = {
  pdf: "text/plain; charset=utf-8",
  picture: "image/jpeg",
};

export interface FileReaderOptions {
  root: string;
  socket: string;
  /** Runs one program: a test's own, or the real one. */
  run?: typeof runReader;
}

export class FileReader {
  readonly #options: FileReaderOptions;
  readonly #server: Server;
  /** Settles when those before are done. */
  #line: Promise<unknown> = Promise.resolve();
  #inLine = 0;

  constructor(options: FileReaderOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
  }

  get socket(): string {
    return this.#options.socket;
  }

  async start(): Promise<void> {
    const { socket } = this.#options;
    rmSync(socket, { force: true });
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(socket, resolve);
    });
    // A start that fails later ends the program, whatever waits here.
    this.#server.unref();
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.#options.socket, { force: true });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const work = workOf(request);
    if (!work) return end(response, 404);
    if (this.#inLine > MAX_WAITING) return end(response, 503);
    this.#inLine += 1;
    try {
      const bytes = await readBody(request);
      if (!bytes) return end(response, 413);
      const read = await this.#inTurn(work, bytes);
      if (!read) return end(response, 422);
      response.writeHead(200, { "content-type": TYPES[work] });
      response.end(read);
    } finally {
      this.#inLine -= 1;
    }
  }

  #inTurn(work: FileWork, bytes: Uint8Array): Promise<Uint8Array | undefined> {
    const { root, run = runReader } = this.#options;
    const done = this.#line.then(() => run(root, work, bytes));
    this.#line = done.catch(() => undefined);
    return done;
  }
}

function workOf({ method, url }: IncomingMessage): FileWork | undefined {
  if (method !== "POST") return undefined;
  const kinds: FileWork[] = ["pdf", "picture"];
  return kinds.find((kind) => FILE_WORK[kind] === url);
}

function end(response: ServerResponse, status: number): void {
  response.writeHead(status, { connection: "close" });
  response.end();
}

/** Undefined for more than a conversation keeps. */
async function readBody(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    length += chunk.byteLength;
    if (length > MAX_FILE_BYTES) return undefined;
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

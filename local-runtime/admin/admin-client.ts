/**
 * JSON over HTTP on the running server's admin socket: how every command reaches the server. Problems that the server
 * answers come out as HostErrors under the server's own code, with its own advice.
 */
import type { IncomingMessage } from "node:http";
import * as v from "valibot";
import { EXIT, HostError, systemCode } from "../host-error.ts";
import { loadRunState, type RunState } from "../supervisor/run-state.ts";
import { readEvents } from "./admin-client-events.ts";
import { ProblemSchema } from "./admin-client-replies.ts";

// An import would load every part of the module, the WebSocket client included: 13 MB for each process.
const { request: openRequest } = process.getBuiltinModule("node:http");

export const MAX_REPLY_BYTES = 4 * 1024 * 1024;
/** A call that makes the server talk to a platform takes several of the platform's own time-outs. */
const CALL_TIMEOUT_MS = 60_000;
/** Silence on a stream: the server breaks it every 15 seconds, whatever the turn does. */
const STREAM_IDLE_MS = 60_000;

export interface AdminCall<Reply> {
  method: "GET" | "POST" | "DELETE";
  /** Begins with a slash; its parts are percent-encoded. */
  path: string;
  body?: unknown;
  reply: v.GenericSchema<unknown, Reply>;
  timeoutMs?: number;
  /** Ends the call early; what it throws then says nothing. */
  signal?: AbortSignal;
}

/** What the server of this data folder says about itself. Throws server/not_running. */
export function findServer(dataDir: string): RunState {
  const state = loadRunState(dataDir);
  if (!state) throw notRunning();
  return state;
}

/** Throws server/* and whatever problem the server answers. */
export async function callAdmin<Reply>(socketPath: string, call: AdminCall<Reply>): Promise<Reply> {
  const timeoutMs = call.timeoutMs ?? CALL_TIMEOUT_MS;
  const late = AbortSignal.timeout(timeoutMs);
  const signal = call.signal ? AbortSignal.any([late, call.signal]) : late;
  try {
    const response = await open(socketPath, call, signal);
    const reply = v.safeParse(call.reply, await readReply(response));
    if (!reply.success) throw badAnswer();
    return reply.output;
  } catch (error) {
    throw late.aborted ? noAnswer(timeoutMs) : error;
  }
}

/**
 * Posts and yields the server-sent events of the answer, each one parsed JSON, until the server ends it or `signal`
 * fires. Throws as {@link callAdmin} does.
 */
export async function* streamAdmin<Event>(
  socketPath: string,
  call: { path: string; body: unknown; event: v.GenericSchema<unknown, Event>; idleMs?: number },
  signal: AbortSignal,
): AsyncGenerator<Event, void> {
  const response = await open(socketPath, { method: "POST", ...call }, signal);
  if (response.statusCode !== 200) await readReply(response);
  const idleMs = call.idleMs ?? STREAM_IDLE_MS;
  response.setTimeout(idleMs, () => response.destroy(noAnswer(idleMs)));
  try {
    for await (const data of readEvents(response)) {
      const event = v.safeParse(call.event, parseJson(data));
      if (event.success) yield event.output; // an event of a newer server is no reason to stop
    }
  } catch (error) {
    if (!signal.aborted) throw error instanceof HostError ? error : cutOff(error);
  } finally {
    response.destroy();
  }
}

/** Gets an answer that is no JSON, in pieces as they come. Throws as {@link callAdmin} does. */
export async function* downloadAdmin(
  socketPath: string,
  path: string,
): AsyncGenerator<Uint8Array, void> {
  const response = await open(socketPath, { method: "GET", path }, undefined);
  if (response.statusCode !== 200) await readReply(response);
  response.setTimeout(STREAM_IDLE_MS, () => response.destroy(noAnswer(STREAM_IDLE_MS)));
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) yield chunk;
  } catch (error) {
    throw error instanceof HostError ? error : cutOff(error);
  } finally {
    response.destroy();
  }
}

function open(
  socketPath: string,
  call: { method: string; path: string; body?: unknown },
  signal: AbortSignal | undefined,
): Promise<IncomingMessage> {
  const body = call.body === undefined ? undefined : JSON.stringify(call.body);
  return new Promise((resolve, reject) => {
    const request = openRequest(
      {
        socketPath,
        method: call.method,
        path: call.path,
        ...(signal ? { signal } : {}),
        headers: {
          accept: "application/json",
          ...(body === undefined
            ? {}
            : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
        },
      },
      resolve,
    );
    request.on("error", (error) => reject(connectionError(error)));
    request.end(body);
  });
}

/** The body of a good answer; throws the problem of any other. */
async function readReply(response: IncomingMessage): Promise<unknown> {
  const text = await readText(response);
  const status = response.statusCode ?? 0;
  if (status === 204) return undefined;
  if (status >= 200 && status < 300) return parseJson(text);
  const problem = v.safeParse(ProblemSchema, parseJson(text));
  if (!problem.success) throw badAnswer();
  const { code, detail, fix, errors = [] } = problem.output;
  const parts = errors.map(({ path, message }) => ` ${path}: ${message}`);
  throw new HostError({ code, message: [detail, ...parts].join(""), fix });
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length;
      if (sizeBytes > MAX_REPLY_BYTES) throw badAnswer();
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof HostError ? error : cutOff(error);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badAnswer(); // the parser's words repeat the text
  }
}

function connectionError(error: Error): Error {
  const code = systemCode(error);
  if (code === "ENOENT" || code === "ECONNREFUSED") return notRunning(error);
  if (code === "EACCES" || code === "EPERM")
    return new HostError({
      code: "server/no_access",
      message: "This user may not talk to the server.",
      fix: "Run the command as the user that the server runs as.",
      exitStatus: EXIT.permission,
      cause: error,
    });
  return error.name === "AbortError" ? error : cutOff(error);
}

function notRunning(cause?: unknown): HostError {
  return new HostError({
    code: "server/not_running",
    message: "The server is not running.",
    fix: "Start it with `npm start`, then run this again.",
    exitStatus: EXIT.unavailable,
    cause,
  });
}

function noAnswer(afterMs: number): HostError {
  return new HostError({
    code: "server/no_answer",
    message: `The server did not answer within ${afterMs / 1000} seconds.`,
    fix: "Look for the cause with `npx rockpool logs`, or restart it with `npx rockpool down` and `npm start`.",
    exitStatus: EXIT.temporary,
  });
}

function cutOff(cause: unknown): HostError {
  return new HostError({
    code: "server/cut_off",
    message: "The server closed the connection in mid-answer.",
    fix: "It may be restarting: run this again, and look at `npx rockpool logs` if it stays so.",
    exitStatus: EXIT.temporary,
    cause,
  });
}

function badAnswer(): HostError {
  return new HostError({
    code: "server/bad_answer",
    message: "The server's answer is not what this command understands.",
    fix: "Server and command may be of different versions: restart the server.",
    exitStatus: EXIT.software,
  });
}

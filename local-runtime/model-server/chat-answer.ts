/** One /api/chat call, from its parsed form to the last line of its answer. */
import type { ServerResponse } from "node:http";
import { availableBytes } from "../host-work/available-memory.ts";
import { renderEnd, renderLoad, renderPiece, renderToolCall } from "./answers.ts";
import { decideContextCount } from "./context-slots.ts";
import type { EnginePiece } from "./engine.ts";
import type { ModelRunner } from "./model-runner.ts";
import type { ShelfModel } from "./model-shelf.ts";
import { BadRequest, type ChatCall } from "./requests.ts";

interface ChatJob {
  call: ChatCall;
  model: ShelfModel;
  runner: ModelRunner;
  response: ServerResponse;
  /** Fires when the client has gone. */
  signal: AbortSignal;
}

/** Throws BadRequest, PromptTooLong, QueueFull, or what the engine throws. */
export async function answerChat(job: ChatJob): Promise<void> {
  const { call, model, runner, response, signal } = job;
  const think = verifyCapable(call, model);
  if (!call.hasMessages && call.keepAliveMs === 0) {
    await runner.unload(model.name, signal);
    return endWith(response, renderLoad(call.model, "unload", Date.now()));
  }
  const { name, file, facts } = model;
  const decideContexts = () => decideContextCount(facts, call.contextTokens, availableBytes());
  const wanted = { ...call, name, file, decideContexts };
  const startedAtMs = performance.now();
  const last = await runner.run(wanted, signal, async (loaded, loadMs) => {
    if (!call.hasMessages) return renderLoad(call.model, "load", Date.now());
    const answer = call.stream ? streamed(call.model, response) : gathered();
    const end = await loaded.chat({ ...call.chat, think }, answer.onPiece, signal);
    const totalMs = performance.now() - startedAtMs;
    return renderEnd(call.model, answer.message(), { ...end, loadMs, totalMs }, Date.now());
  });
  endWith(response, last);
}

/** Whether the model is to think. */
function verifyCapable(call: ChatCall, { facts, name }: ShelfModel): boolean {
  const can = (capability: string) => facts.capabilities.includes(capability);
  if (!can("completion")) throw new BadRequest(`"${name}" does not support chat`);
  if (call.hasImages) throw new BadRequest(`"${name}" does not support images`);
  if (call.chat.tools.length > 0 && !can("tools"))
    throw new BadRequest(`"${name}" does not support tools`);
  if (call.chat.tools.length > 0 && call.chat.format !== undefined)
    throw new BadRequest("tools and format cannot be used together");
  if (call.think === true && !can("thinking"))
    throw new BadRequest(`"${name}" does not support thinking`);
  return call.think ?? can("thinking");
}

function streamed(model: string, response: ServerResponse) {
  return {
    onPiece: (piece: EnginePiece) => {
      if (!response.headersSent)
        response.writeHead(200, { "content-type": "application/x-ndjson" });
      response.write(renderPiece(model, piece, Date.now()));
    },
    message: () => ({ content: "" }),
  };
}

function gathered() {
  const texts = { text: "", thinking: "" };
  const calls: object[] = [];
  return {
    onPiece: (piece: EnginePiece) => {
      if (piece.kind === "tool_call") calls.push(renderToolCall(piece.call));
      else texts[piece.kind] += piece.text;
    },
    message: () => ({
      content: texts.text,
      ...(texts.thinking === "" ? {} : { thinking: texts.thinking }),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
    }),
  };
}

function endWith(response: ServerResponse, lastLine: string): void {
  if (!response.headersSent) response.writeHead(200, { "content-type": "application/x-ndjson" });
  response.end(lastLine);
}

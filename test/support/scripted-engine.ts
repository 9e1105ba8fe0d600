/** An engine in the place of llama.cpp: says what the test tells it to, and counts what was asked of it. */
import type {
  Engine,
  EngineChat,
  EngineEnd,
  EngineModel,
  EnginePiece,
} from "../../local-runtime/model-server/engine.ts";

export type Script = (
  chat: EngineChat,
  onPiece: (piece: EnginePiece) => void,
  signal: AbortSignal,
) => Promise<void> | void;

export interface ScriptedEngine extends Engine {
  readonly log: string[];
  readonly chats: EngineChat[];
  script: Script;
}

export const SCRIPTED_END: EngineEnd = {
  reason: "stop",
  promptTokens: 40,
  cachedTokens: 30,
  outputTokens: 2,
  promptMs: 3,
  outputMs: 4,
};

export function createScriptedEngine(): ScriptedEngine {
  const engine: ScriptedEngine = {
    version: "scripted",
    log: [],
    chats: [],
    script: (_, onPiece) => {
      onPiece({ kind: "text", text: "Hel" });
      onPiece({ kind: "text", text: "lo" });
    },
    load: (file, { contextTokens }) => {
      const name = file.split("/").at(-1) ?? "";
      engine.log.push(`load ${name} ${contextTokens}`);
      const model: EngineModel = {
        contextTokens,
        chat: async (chat, onPiece, signal) => {
          engine.chats.push(chat);
          await engine.script(chat, onPiece, signal);
          return SCRIPTED_END;
        },
        embed: (texts) =>
          Promise.resolve({
            vectors: texts.map((text) => [3, 4, text.length]),
            promptTokens: texts.length,
          }),
        unload: async () => {
          engine.log.push(`unload ${name}`);
        },
      };
      return Promise.resolve(model);
    },
  };
  return engine;
}

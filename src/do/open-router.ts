/** The model servers that the options name, each with its binding, its key and its gate, behind one router. */
import { ProcessCache } from "../cache/process-cache.ts";
import {
  listModelServers,
  type ModelServerSpec,
  modelBinding,
  modelKeyBinding,
  placeOf,
} from "../config/model-servers.ts";
import type { Options } from "../config/options.ts";
import type { Env } from "../env.ts";
import { createGatedModel } from "../gate/gated-model.ts";
import { createMaskedServer } from "../models/masked-server.ts";
import { createOllama } from "../models/ollama/ollama.ts";
import { createOpenAi } from "../models/openai/openai.ts";
import { listNames } from "../models/router/names.ts";
import type { RoutedServer } from "../models/router/routed-server.ts";
import { Router } from "../models/router/router.ts";
import { emit } from "../observability/emit.ts";
import type { Redactor } from "../redaction/redactor.ts";
import { openGate } from "./gate/gate-client.ts";

const CREATORS = { ollama: createOllama, openai: createOpenAi } as const;

const nowMs = () => Date.now();

function openServer(
  env: Env,
  options: Options,
  spec: ModelServerSpec,
  index: number,
  remote: Redactor,
): RoutedServer {
  // The host's config adds a binding for each server: Env cannot list them.
  const bindings = env as unknown as Record<string, unknown>;
  const service = bindings[modelBinding(index)] as Fetcher | undefined;
  const key = bindings[modelKeyBinding(index)];
  const place = placeOf(spec.url);
  const plain = CREATORS[spec.kind]({
    // Where there is no binding (wrangler dev, tests) the global fetch stands in; on a box it reaches nothing.
    fetch: service ? (input, init) => service.fetch(new Request(input, init)) : fetch,
    baseUrl: spec.url,
    ...(typeof key === "string" ? { key: key.trim() } : {}),
    contextTokens: options.ROCKPOOL_CONTEXT_TOKENS,
    memoryBytes: Number(env.ROCKPOOL_MEMORY_BYTES ?? 0),
    patience: {
      firstTokenMs: options.ROCKPOOL_FIRST_TOKEN_SECONDS * 1_000,
      nextTokenMs: options.ROCKPOOL_NEXT_TOKEN_SECONDS * 1_000,
    },
    cache: new ProcessCache({ binding: env.CACHE, nowMs }),
    nowMs,
  });
  const server =
    place === "public" && !remote.isIdle ? createMaskedServer(plain, remote.mask) : plain;
  const calls = createGatedModel(server, {
    openGate: () => openGate(env, spec.url),
    slots: spec.slots ?? options.ROCKPOOL_MODEL_SLOTS,
    nowMs,
  });
  return { name: spec.name, place, server, calls };
}

/** `remote` masks what servers at public addresses are sent. */
export function openRouter(env: Env, options: Options, remote: Redactor): Router {
  const specs = listModelServers(options);
  const [main, ...others] = specs.map((spec, index) =>
    openServer(env, options, spec, index, remote),
  );
  if (!main) throw new TypeError("the list of model servers always has a main one");
  return new Router({
    servers: [main, ...others],
    names: {
      model: options.ROCKPOOL_MODEL,
      aliases: {
        fast: options.ROCKPOOL_MODEL_FAST,
        smart: options.ROCKPOOL_MODEL_SMART,
        vision: options.ROCKPOOL_MODEL_VISION,
      },
    },
    fallbacks: listNames(options.ROCKPOOL_MODEL_FALLBACK),
    small: options.ROCKPOOL_MODEL_SMALL,
    memoryBytes: Number(env.ROCKPOOL_MEMORY_BYTES ?? 0),
    nowMs,
    report: emit,
  });
}

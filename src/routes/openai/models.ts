/** GET /v1/models and /v1/models/:id: what a chat here may name as its model. */
import type { Context } from "hono";
import { AppError } from "../../core/errors.ts";
import { openModel } from "../../do/isolate.ts";
import type { Env } from "../../env.ts";
import type { HttpEnv } from "../../http/middleware.ts";

/** Stands for whatever model this box answers with. */
const AUTO = "auto";

/** The model server does not say when a model was made. */
function renderModel(id: string) {
  return { id, object: "model", created: 0, owned_by: "rockpool" };
}

/** What a chat may name: `auto`, the aliases that stand for something, and the installed models. Throws model/*. */
async function loadNames(env: Env): Promise<string[]> {
  const state = await openModel(env).state();
  if (state.status === "down") throw new AppError(state.code);
  const aliases = (state.aliases ?? []).flatMap(({ alias, model }) => (model ? [alias] : []));
  return [...new Set([AUTO, ...aliases, ...state.models.map(({ name }) => name)])];
}

export async function listModels(c: Context<HttpEnv>): Promise<Response> {
  const names = await loadNames(c.env);
  return c.json({ object: "list", data: names.map(renderModel) });
}

export async function showModel(c: Context<HttpEnv>): Promise<Response> {
  const id = c.req.param("id") ?? "";
  const names = await loadNames(c.env);
  if (!names.includes(id) && !names.includes(`${id}:latest`)) throw new AppError("model/missing");
  return c.json(renderModel(id));
}

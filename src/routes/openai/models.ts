/** GET /v1/models and /v1/models/:id: the models that answer here. */
import type { Context } from "hono";
import { AppError } from "../../core/errors.ts";
import type { InstalledModel } from "../../core/ports.ts";
import { openModel } from "../../do/isolate.ts";
import type { Env } from "../../env.ts";
import type { HttpEnv } from "../../http/middleware.ts";

/** Stands for whatever model this box answers with. */
const AUTO = "auto";

/** The model server does not say when a model was made. */
function renderModel(id: string) {
  return { id, object: "model", created: 0, owned_by: "rockpool" };
}

/** Throws model/*. */
async function loadModels(env: Env): Promise<InstalledModel[]> {
  const state = await openModel(env).state();
  if (state.status === "up") return state.models;
  throw new AppError(state.code);
}

export async function listModels(c: Context<HttpEnv>): Promise<Response> {
  const models = await loadModels(c.env);
  const data = [AUTO, ...models.map(({ name }) => name)].map(renderModel);
  return c.json({ object: "list", data });
}

export async function showModel(c: Context<HttpEnv>): Promise<Response> {
  const id = c.req.param("id") ?? "";
  const models = await loadModels(c.env);
  const isKnown = id === AUTO || models.some(({ name }) => name === id || name === `${id}:latest`);
  if (!isKnown) throw new AppError("model/missing");
  return c.json(renderModel(id));
}

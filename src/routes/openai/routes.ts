/** The OpenAI-compatible API: any client of it works with an API key of this box. Mounted at /v1. */
import { Hono } from "hono";
import { AppError, errorCode, errorSpec } from "../../core/errors.ts";
import type { HttpEnv } from "../../http/middleware.ts";
import { openToAll, requirePermission } from "../../http/permission.ts";
import { limitRefusals } from "../../http/rate-limit.ts";
import { emit } from "../../observability/emit.ts";
import { describeError } from "../../observability/redact.ts";
import { requireApiKey } from "./api-key.ts";
import { completeChat } from "./chat.ts";
import { embedTexts } from "./embeddings.ts";
import { renderFailure } from "./errors.ts";
import { listModels, showModel } from "./models.ts";

export const openAi = new Hono<HttpEnv>()
  .post("/chat/completions", requireApiKey, requirePermission("api:chat"), completeChat)
  .post("/embeddings", requireApiKey, requirePermission("api:embed"), embedTexts)
  .get("/models", requireApiKey, requirePermission("model:read"), listModels)
  // A model's name may hold slashes.
  .get("/models/:id{.+}", requireApiKey, requirePermission("model:read"), showModel)
  .all("*", openToAll, () => {
    throw new AppError("http/not_found");
  })
  .onError((thrown, c) => {
    const error = limitRefusals(thrown, c);
    const code = errorCode(error);
    if (errorSpec(code).status >= 500)
      emit({ type: "fault", where: "http:/v1", code, cause: describeError(error) });
    return renderFailure(error, c.get("requestId"));
  });

/** What a call is answered with that failed; a fault of the box's own is told to the log as well. */
import type { Context } from "hono";
import { errorCode, errorSpec } from "../core/errors.ts";
import { emit } from "../observability/emit.ts";
import { describeError } from "../observability/redact.ts";
import type { HttpEnv } from "./middleware.ts";
import { type ProblemReader, renderProblem } from "./problem.ts";
import { routeName } from "./route-name.ts";

export function answerError(error: unknown, c: Context<HttpEnv>, reader: ProblemReader): Response {
  const code = errorCode(error);
  if (errorSpec(code).status >= 500)
    emit({
      type: "fault",
      where: `http:${routeName(c.req.path)}`,
      code,
      cause: describeError(error),
    });
  return renderProblem(error, c.get("requestId"), reader);
}

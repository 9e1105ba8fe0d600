/** The evaluation of a model's tool calls, one case a call: `rockpool model test` asks for all of them in turn. */
import { Hono } from "hono";
import type { ToolCaseCount, ToolCaseResult } from "../core/tool-test.ts";
import { countToolCases, testToolCase } from "../do/test-tools.ts";
import type { HttpEnv } from "../http/middleware.ts";
import { requirePermission } from "../http/permission.ts";

export const adminToolCases = new Hono<HttpEnv>()
  .get("/", requirePermission("model:test"), (c) =>
    c.json<ToolCaseCount>({ count: countToolCases() }),
  )
  .post("/:number{[0-9]{1,4}}", requirePermission("model:test"), async (c) =>
    c.json<ToolCaseResult>(
      await testToolCase(c.env, Number(c.req.param("number")), c.req.query("model")),
    ),
  );

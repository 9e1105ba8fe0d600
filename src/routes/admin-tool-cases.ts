/**
 * The evaluation of a model's tool calls, one case a call: `rockpool model test` asks for all of them in turn. It is
 * loaded for those who do.
 */
import { Hono } from "hono";
import type { ToolCaseCount, ToolCaseResult } from "../core/tool-test.ts";
import type { HttpEnv } from "../http/middleware.ts";
import { requirePermission } from "../http/permission.ts";

export const adminToolCases = new Hono<HttpEnv>()
  .get("/", requirePermission("model:test"), async (c) => {
    const { countToolCases } = await import("../do/turn/test-tools.ts");
    return c.json<ToolCaseCount>({ count: countToolCases() });
  })
  .post("/:number{[0-9]{1,4}}", requirePermission("model:test"), async (c) => {
    const { testToolCase } = await import("../do/turn/test-tools.ts");
    const number = Number(c.req.param("number"));
    return c.json<ToolCaseResult>(await testToolCase(c.env, number, c.req.query("model")));
  });

/** Who was handed over to a person, and the desk's words to them, as the rockpool command brings them over the admin socket. */
import { type Context, Hono } from "hono";
import * as v from "valibot";
import { AppError } from "../core/errors.ts";
import { MAX_ANSWER_UNITS } from "../core/handover.ts";
import { encodeSessionKey, newId, type TurnId } from "../core/ids.ts";
import { openDirectory } from "../do/directory/directory-client.ts";
import { answerHandover } from "../do/turn/answer-handover.ts";
import { actorOf } from "../http/actor.ts";
import { type HttpEnv, readJson } from "../http/middleware.ts";
import { requirePermission } from "../http/permission.ts";

const MAX_BODY_BYTES = 256 * 1024;

const bodySchema = v.strictObject({
  text: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(MAX_ANSWER_UNITS)),
});

/** What is said next comes into the caller's web chat. Throws handover/unknown. */
async function answer(c: Context<HttpEnv>, number: number, text: string, isLast: boolean) {
  const actor = actorOf(c);
  const personId = actor.userId ?? (await openDirectory(c.env).ensureOwner()).id;
  const session = encodeSessionKey({ channel: "web", account: "main", conversation: personId });
  const answered = await answerHandover(c.env, {
    number,
    actor,
    turnId: newId<TurnId>(),
    text,
    isLast,
    by: { personId, session },
  });
  if (answered.status === "over") throw new AppError("handover/unknown");
}

export const adminHandovers = new Hono<HttpEnv>()
  .get("/", requirePermission("handover:answer"), async (c) =>
    c.json(await openDirectory(c.env).handovers()),
  )
  .post("/:number{[0-9]{1,9}}/answers", requirePermission("handover:answer"), async (c) => {
    const { text } = await readJson(c.req.raw, bodySchema, MAX_BODY_BYTES);
    await answer(c, Number(c.req.param("number")), text, false);
    return c.json({ sent: true }, 201);
  })
  .delete("/:number{[0-9]{1,9}}", requirePermission("handover:answer"), async (c) => {
    await answer(c, Number(c.req.param("number")), "", true);
    return c.json({ ended: true });
  });

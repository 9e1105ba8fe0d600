/** Tells a person something at once, past the outbox: for those who have no conversation that could keep it. */
import { errorCode, errorSpec } from "../../core/errors.ts";
import type { Target } from "../../core/message.ts";
import { emit } from "../../observability/emit.ts";
import { describeError } from "../../observability/redact.ts";
import type { Route } from "../delivery/routes-out.ts";

/**
 * Throws channel/* where it may be tried again. A platform that refuses for good (a person who has blocked the bot) is
 * logged and let go: whoever waits for this sentence to be sent would wait for ever.
 */
export async function tellNow(
  { adapter, account, io }: Route,
  target: Target,
  markdown: string,
  idempotencyKey: string,
): Promise<void> {
  try {
    await adapter.send(target, { markdown, idempotencyKey }, account, io);
  } catch (error) {
    const code = errorCode(error);
    if (errorSpec(code).transient) throw error;
    emit({ type: "fault", where: `tell:${account.channel}`, code, cause: describeError(error) });
  }
}

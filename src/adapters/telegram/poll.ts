/**
 * Fetches updates by long polling, for a box that no webhook reaches. Telegram hands an update out until a later call
 * names a higher offset, which is done only when every update of the batch was taken: what a crash interrupts comes
 * again.
 */
import * as v from "valibot";
import { AppError } from "../../core/errors.ts";
import type { Account, Cursor, Io } from "../adapter.ts";
import { callTelegram, tokenOf } from "./client.ts";
import { wireId } from "./send.ts";
import { ALLOWED_UPDATES, IdSchema } from "./update.ts";

/** How long Telegram keeps an empty call open. */
const LONG_POLL_SECONDS = 50;
const POLL_TIMEOUT_MS = (LONG_POLL_SECONDS + 15) * 1000;
const BATCH_UPDATES = 100;
/**
 * After a week without updates Telegram begins a new, maybe lower, sequence. An older offset is forgotten in time;
 * updates that come twice for it are recognised by their ids.
 */
const OFFSET_LIFE_MS = 6 * 24 * 3_600_000;

/** `<bot id>/<offset>/<time>`: an offset is of use only to the bot and in the week that it is of. */
const CURSOR_PATTERN = /^(\d+)\/(-?\d+)\/(\d+)$/;

const BatchSchema = v.array(v.object({ update_id: IdSchema }));

interface Position {
  offset: string;
  atMs: number;
}

function botIdOf(account: Account): string {
  return tokenOf(account).split(":")[0] ?? "";
}

function readCursor(text: string | undefined, botId: string): Position | undefined {
  const [, owner, offset, atMs] = CURSOR_PATTERN.exec(text ?? "") ?? [];
  if (owner !== botId || offset === undefined) return undefined;
  return { offset, atMs: Number(atMs) };
}

/** The lowest offset that leaves out every update of the batch. */
function offsetAfter(batch: readonly { update_id: string }[]): string {
  let highest: bigint | undefined;
  for (const update of batch) {
    const id = BigInt(update.update_id);
    if (highest === undefined || id > highest) highest = id;
  }
  return String((highest ?? -1n) + 1n);
}

async function fetchUpdates(
  account: Account,
  io: Io,
  position: Position | undefined,
  signal: AbortSignal,
): Promise<unknown> {
  const isFresh = position !== undefined && io.nowMs() - position.atMs < OFFSET_LIFE_MS;
  return callTelegram(
    account,
    io,
    (api) =>
      api.getUpdates({
        timeout: LONG_POLL_SECONDS,
        limit: BATCH_UPDATES,
        allowed_updates: ALLOWED_UPDATES,
        ...(isFresh ? { offset: wireId(position.offset) } : {}),
      }),
    { timeoutMs: POLL_TIMEOUT_MS, signal },
  );
}

/**
 * Ends when `signal` fires. Throws channel/*: channel/conflict where another program polls with the same token. When to
 * begin again is the caller's to say.
 */
export async function* pollUpdates(
  account: Account,
  io: Io,
  cursor: Cursor,
  signal: AbortSignal,
): AsyncGenerator<unknown> {
  const botId = botIdOf(account);
  try {
    await callTelegram(account, io, (api) => api.deleteWebhook(), { signal });
    let position = readCursor(await cursor.load(), botId);
    while (!signal.aborted) {
      const updates = await fetchUpdates(account, io, position, signal);
      const batch = v.safeParse(BatchSchema, updates);
      if (!batch.success || !Array.isArray(updates))
        throw new AppError("channel/unavailable", { detail: "Telegram's updates have no ids." });
      if (updates.length === 0) continue;
      yield* updates;
      position = { offset: offsetAfter(batch.output), atMs: io.nowMs() };
      await cursor.save(`${botId}/${position.offset}/${position.atMs}`);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

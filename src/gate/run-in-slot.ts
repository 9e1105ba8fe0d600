/** A piece of work with a slot of its own: waited for, kept while it runs, given back whatever comes of it. */
import type { QueuePlace } from "../core/stream.ts";
import { MAX_WAIT_MS, type Slot } from "./slot.ts";

export interface SlotWait {
  onPlace?(place: QueuePlace): void;
  maxWaitMs?: number;
}

/** Throws model/queue_full, the signal's reason where it fires in line, and whatever `work` throws. */
export async function runInSlot<Result>(
  slot: Slot,
  signal: AbortSignal,
  work: () => Promise<Result>,
  { onPlace, maxWaitMs = MAX_WAIT_MS }: SlotWait = {},
): Promise<Result> {
  try {
    for await (const place of slot.wait(signal, maxWaitMs)) onPlace?.(place);
    signal.throwIfAborted();
    slot.keep(() => true);
    return await work();
  } finally {
    await slot.leave(0);
  }
}

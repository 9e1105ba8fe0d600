/** Gathers items and hands them on together, once for each frame the browser draws. */

/** A hidden page draws no frames: then the items go this often. */
const HIDDEN_MS = 250;

export interface FrameQueue<Item> {
  push(item: Item): void;
  /** Drops what is there. */
  clear(): void;
}

export function createFrameQueue<Item>(take: (items: Item[]) => void): FrameQueue<Item> {
  let items: Item[] = [];
  let cancel: (() => void) | undefined;

  function flush(): void {
    cancel?.();
    cancel = undefined;
    const taken = items;
    items = [];
    if (taken.length > 0) take(taken);
  }

  function schedule(): () => void {
    // Both: a frame that was asked for while the page was visible does not come once it is hidden.
    const timer = setTimeout(flush, HIDDEN_MS);
    const frame = requestAnimationFrame(flush);
    return () => {
      clearTimeout(timer);
      cancelAnimationFrame(frame);
    };
  }

  return {
    push(item) {
      items.push(item);
      cancel ??= schedule();
    },
    clear() {
      cancel?.();
      cancel = undefined;
      items = [];
    },
  };
}

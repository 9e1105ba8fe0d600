/**
 * Where the list of messages stands: it stays at its end while answers grow, unless somebody scrolled up, and keeps what
 * is being read in place when older messages come in above it.
 */

import { signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

/** So near to the end counts as being there. */
const NEAR_END_PX = 80;
/** So near to the beginning older messages are loaded. */
const NEAR_START_PX = 300;

/** True while the newest message is in sight. */
export const isAtEnd = signal(true);
/** Something came in while it was not. */
export const hasUnseen = signal(false);

export interface ScrollOptions {
  /** Changes with everything that is added at the end. */
  newest: unknown;
  /** Changes with everything that is added at the beginning. */
  oldest: unknown;
  nearStart(): void;
}

export function scrollToEnd(element: Element | null): void {
  isAtEnd.value = true;
  hasUnseen.value = false;
  element?.scrollTo({ top: element.scrollHeight });
}

export function useScroll({ newest, oldest, nearStart }: ScrollOptions) {
  const list = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const heightPx = useRef(0);
  const topPx = useRef(0);

  // What was added above pushes down what is being read: move along with it.
  useLayoutEffect(() => {
    const element = list.current;
    if (element && !isAtEnd.peek() && heightPx.current > 0)
      element.scrollTop += element.scrollHeight - heightPx.current;
  }, [oldest]);

  useLayoutEffect(() => {
    if (!isAtEnd.peek()) hasUnseen.value = true;
  }, [newest]);

  useLayoutEffect(() => {
    heightPx.current = list.current?.scrollHeight ?? 0;
  });

  // Growing text, an image that arrives, a keyboard that opens: all of them change a size.
  useEffect(() => {
    const observer = new ResizeObserver(() => {
      if (isAtEnd.peek()) scrollToEnd(list.current);
      heightPx.current = list.current?.scrollHeight ?? 0;
    });
    if (list.current) observer.observe(list.current);
    if (content.current) observer.observe(content.current);
    return () => observer.disconnect();
  }, []);

  const onScroll = () => {
    const element = list.current;
    if (!element) return;
    const belowPx = element.scrollHeight - element.scrollTop - element.clientHeight;
    // Only moving up leaves the end: content that grows below does not.
    const isLeaving = element.scrollTop < topPx.current && belowPx >= NEAR_END_PX;
    topPx.current = element.scrollTop;
    if (isLeaving) isAtEnd.value = false;
    else if (belowPx < NEAR_END_PX) isAtEnd.value = true;
    if (isAtEnd.value) hasUnseen.value = false;
    if (element.scrollTop < NEAR_START_PX) nearStart();
  };

  return { list, content, onScroll };
}

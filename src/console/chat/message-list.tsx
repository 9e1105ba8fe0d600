/** The conversation, oldest first, with older pages loaded as somebody scrolls up. */
import { useComputed } from "@preact/signals";
import { DownIcon } from "../icons.tsx";
import { language, say } from "../preferences.ts";
import { hasOlder, isLoaded, loadOlder, messages, older, timeline } from "./chat.ts";
import { MessageEntry, OutgoingEntry, RunningEntry } from "./message.tsx";
import { hasUnseen, isAtEnd, scrollToEnd, useScroll } from "./scroll.ts";
import type { TimelineItem } from "./timeline.ts";
import { nameDay, renderDay } from "./when.ts";

function Day({ atMs }: { atMs: number }) {
  const nowMs = Date.now();
  const name = nameDay(atMs, nowMs);
  return <h2 class="day">{name ? say(name) : renderDay(atMs, nowMs, language.value)}</h2>;
}

function Entry({ item }: { item: TimelineItem }) {
  switch (item.kind) {
    case "day":
      return <Day atMs={item.atMs} />;
    case "message":
      return <MessageEntry message={item.message} />;
    case "running":
      return <RunningEntry />;
    case "outgoing":
      return <OutgoingEntry item={item.item} />;
  }
}

function Empty() {
  return (
    <div class="empty">
      <h2>{say("emptyTitle")}</h2>
      <p>{say("emptyHow")}</p>
    </div>
  );
}

function Older() {
  if (older.value === "failed")
    return (
      <p class="older" role="status">
        {say("olderFailed")}{" "}
        <button type="button" class="link" onClick={() => void loadOlder()}>
          {say("tryAgain")}
        </button>
      </p>
    );
  return hasOlder.value ? <p class="older">{say("loadingOlder")}</p> : null;
}

export function MessageList() {
  const items = timeline.value;
  const oldest = useComputed(() => messages.value[0]?.seq);
  const { list, content, onScroll } = useScroll({
    newest: items.at(-1)?.key,
    oldest: oldest.value,
    nearStart: () => {
      if (older.peek() !== "failed") void loadOlder();
    },
  });
  return (
    <div class="list-frame">
      <section
        class="list"
        ref={list}
        onScroll={onScroll}
        aria-label={say("conversation")}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: without a mouse, what scrolls must be reachable.
        tabIndex={0}
      >
        <div class="column" ref={content}>
          <Older />
          {isLoaded.value && items.length === 0 ? <Empty /> : null}
          {isLoaded.value ? null : <p class="older">{say("loadingHistory")}</p>}
          {items.map((item) => (
            <Entry key={item.key} item={item} />
          ))}
        </div>
      </section>
      {isAtEnd.value ? null : (
        <button
          type="button"
          class={hasUnseen.value ? "pill unseen" : "pill"}
          onClick={() => scrollToEnd(list.current)}
          aria-label={say(hasUnseen.value ? "newMessages" : "toNewest")}
        >
          <DownIcon />
          {hasUnseen.value ? say("newMessages") : null}
        </button>
      )}
    </div>
  );
}

/** Reads new answers to people who do not see the screen: once, when they are whole, and not token by token. */
import { useEffect, useRef, useState } from "preact/hooks";
import { say } from "../preferences.ts";
import { isLoaded, messages, turn } from "./chat.ts";

export function Announcer() {
  const [answer, setAnswer] = useState("");
  const seenSeq = useRef<number | undefined>(undefined);
  const newest = messages.value.at(-1);
  const isReady = isLoaded.value;
  useEffect(() => {
    if (!isReady) return;
    const isNew = seenSeq.current !== undefined && newest && newest.seq > seenSeq.current;
    if (isNew && newest.role === "assistant") setAnswer(newest.text);
    seenSeq.current = newest?.seq ?? 0;
  }, [newest, isReady]);
  const isThinking = turn.value?.state === "thinking";
  return (
    <div class="visually-hidden">
      <p aria-live="polite">{answer}</p>
      <p aria-live="polite">{isThinking ? say("thinking") : ""}</p>
    </div>
  );
}

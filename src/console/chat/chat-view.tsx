/** The chat: the conversation, the field below it, and the whole of it as a place to drop files. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { say } from "../preferences.ts";
import { Announcer } from "./announcer.tsx";
import { addFiles } from "./attachments.ts";
import { closeChat, hasUnsent, hurryChat, isOffline, openChat } from "./chat.ts";
import { Composer } from "./composer.tsx";
import { MessageList } from "./message-list.tsx";

function useConnection(): void {
  useEffect(() => {
    openChat();
    const hurry = () => {
      if (!document.hidden) hurryChat();
    };
    const warn = (event: BeforeUnloadEvent) => {
      if (hasUnsent()) event.preventDefault();
    };
    addEventListener("online", hurry);
    document.addEventListener("visibilitychange", hurry);
    addEventListener("beforeunload", warn);
    return () => {
      removeEventListener("online", hurry);
      document.removeEventListener("visibilitychange", hurry);
      removeEventListener("beforeunload", warn);
      closeChat();
    };
  }, []);
}

function OfflineBanner() {
  if (!isOffline.value) return null;
  return (
    <p class="banner" role="status">
      {say("offline")}
      <button type="button" class="link" onClick={hurryChat}>
        {say("tryNow")}
      </button>
    </p>
  );
}

export function ChatView() {
  const isDropping = useSignal(false);
  useConnection();
  const over = (event: DragEvent) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    isDropping.value = true;
  };
  const drop = (event: DragEvent) => {
    isDropping.value = false;
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    addFiles(event.dataTransfer.files);
  };
  const leave = (event: DragEvent) => {
    const to = event.relatedTarget;
    if (
      !(
        to instanceof Node &&
        event.currentTarget instanceof Node &&
        event.currentTarget.contains(to)
      )
    )
      isDropping.value = false;
  };
  return (
    <main class="chat" onDragOver={over} onDragEnter={over} onDragLeave={leave} onDrop={drop}>
      <OfflineBanner />
      <MessageList />
      <Composer />
      <Announcer />
      {isDropping.value ? <div class="drop-zone">{say("dropHere")}</div> : null}
    </main>
  );
}

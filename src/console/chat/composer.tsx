/** Where messages are written: text, files, send and stop. */
import { useEffect, useRef } from "preact/hooks";
import { MAX_TEXT_UNITS } from "../../core/chat-protocol.ts";
import { AttachIcon, SendIcon, StopIcon } from "../icons.tsx";
import { say } from "../preferences.ts";
import { AttachmentList } from "./attachment-list.tsx";
import { addFiles, attachments, isUploading } from "./attachments.ts";
import { draft, sendDraft, stopProblem, stopTurn, turn } from "./chat.ts";
import { isAtEnd } from "./scroll.ts";
import { isSendKey } from "./send-key.ts";

/** A taller text scrolls. */
const MAX_HEIGHT_PX = 220;

function canSend(): boolean {
  const text = draft.value;
  if (text.length > MAX_TEXT_UNITS || isUploading(attachments.value)) return false;
  return text.trim() !== "" || attachments.value.length > 0;
}

/** Who sends wants to see what comes of it. */
function submit(): void {
  if (!canSend()) return;
  sendDraft();
  isAtEnd.value = true;
}

function FilePicker() {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        onChange={() => {
          addFiles(input.current?.files ?? []);
          if (input.current) input.current.value = ""; // the same file may be chosen again
        }}
      />
      <button
        type="button"
        class="icon-button"
        onClick={() => input.current?.click()}
        aria-label={say("attach")}
        title={say("attach")}
      >
        <AttachIcon />
      </button>
    </>
  );
}

function TextField() {
  const field = useRef<HTMLTextAreaElement>(null);
  const text = draft.value;
  useEffect(() => {
    const element = field.current;
    if (!element) return;
    element.style.height = "auto";
    element.style.height = `${Math.min(element.scrollHeight, MAX_HEIGHT_PX)}px`;
  }, [text]);
  // A keyboard that covers half of a phone's screen comes only when asked for.
  useEffect(() => {
    if (matchMedia("(hover: hover)").matches) field.current?.focus();
  }, []);
  return (
    <textarea
      ref={field}
      rows={1}
      value={text}
      onInput={(event) => {
        draft.value = event.currentTarget.value;
      }}
      onKeyDown={(event) => {
        if (!isSendKey(event)) return;
        event.preventDefault();
        submit();
      }}
      onPaste={(event) => {
        const files = event.clipboardData?.files;
        if (!files || files.length === 0) return;
        event.preventDefault();
        addFiles(files);
      }}
      placeholder={say("messagePlaceholder")}
      aria-label={say("messageLabel")}
      aria-describedby="send-hint"
      enterkeyhint="send"
      autocomplete="off"
    />
  );
}

function Notices() {
  const beyond = draft.value.length - MAX_TEXT_UNITS;
  return (
    <>
      {beyond > 0 ? (
        <p class="notice trouble" role="alert">
          {say("tooLong", { count: beyond })}
        </p>
      ) : null}
      {stopProblem.value ? (
        <p class="notice trouble" role="alert">
          {stopProblem.value}
        </p>
      ) : null}
    </>
  );
}

export function Composer() {
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <div class="column">
        <Notices />
        <AttachmentList />
        <div class="composer-row">
          <FilePicker />
          <TextField />
          {turn.value ? (
            <button
              type="button"
              class="icon-button stop"
              onClick={() => void stopTurn()}
              aria-label={say("stop")}
              title={say("stop")}
            >
              <StopIcon />
            </button>
          ) : null}
          <button
            type="submit"
            class="icon-button send"
            disabled={!canSend()}
            aria-label={say("send")}
            title={say("send")}
          >
            <SendIcon />
          </button>
        </div>
        <p id="send-hint" class="hint">
          {say("sendHint")}
        </p>
      </div>
    </form>
  );
}

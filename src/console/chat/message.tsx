/** One entry of the conversation: what was said, what is being said, and what is not sent yet. */

import type { ChatMessage } from "../../core/message.ts";
import { describePlace } from "../../core/place-words.ts";
import { Markdown } from "../markdown/markdown.tsx";
import type { PhraseName } from "../phrases.ts";
import { language, say } from "../preferences.ts";
import { discardMessage, retryMessage, turn } from "./chat.ts";
import type { Outgoing, RunningTurn } from "./conversation.ts";
import { MediaList } from "./media-list.tsx";
import { renderMoment, renderTime } from "./when.ts";

const CHANNEL_NAMES: Record<string, string> = { telegram: "Telegram", webhook: "Webhook" };

function Time({ atMs }: { atMs: number }) {
  return (
    <time dateTime={new Date(atMs).toISOString()} title={renderMoment(atMs, language.value)}>
      {renderTime(atMs, language.value)}
    </time>
  );
}

export function MessageEntry({ message }: { message: ChatMessage }) {
  const isUser = message.role === "user";
  const channel =
    message.channel === "web" ? "" : (CHANNEL_NAMES[message.channel] ?? message.channel);
  return (
    <article class={isUser ? "message from-user" : "message from-assistant"}>
      <h3 class="visually-hidden">{isUser ? (message.sender ?? say("you")) : "Rockpool"}</h3>
      <div class="said">
        <MediaList media={message.media} />
        {isUser ? <p class="plain">{message.text}</p> : <Markdown text={message.text} />}
      </div>
      <footer>
        {message.sender ? <span>{message.sender}</span> : null}
        {message.cut ? (
          <span class="cut">{say(message.cut === "stopped" ? "cutStopped" : "cutError")}</span>
        ) : null}
        {channel ? <span>{channel}</span> : null}
        <Time atMs={message.atMs} />
      </footer>
    </article>
  );
}

const TURN_PHRASES: Record<RunningTurn["state"], PhraseName> = {
  thinking: "thinking",
  answering: "answering",
  waiting: "waiting",
};

function sayState({ state, place }: RunningTurn): string {
  if (!place) return say(TURN_PHRASES[state]);
  const { name, values } = describePlace(place);
  return say(name, values);
}

export function RunningEntry() {
  const running = turn.value;
  if (!running) return null;
  return (
    <article class="message from-assistant running" aria-busy="true">
      <h3 class="visually-hidden">Rockpool</h3>
      <div class="said">{running.text === "" ? null : <Markdown text={running.text} />}</div>
      <footer>
        <span class="dots" aria-hidden="true">
          <i />
          <i />
          <i />
        </span>
        <span>{sayState(running)}</span>
      </footer>
    </article>
  );
}

const SENDING_PHRASES: Record<Outgoing["status"], PhraseName> = {
  sending: "sending",
  late: "notSentYet",
  sent: "sent",
  failed: "notSent",
};

export function OutgoingEntry({ item }: { item: Outgoing }) {
  const isTrouble = item.status === "late" || item.status === "failed";
  return (
    <article class="message from-user outgoing">
      <h3 class="visually-hidden">{say("you")}</h3>
      <div class="said">
        <MediaList media={item.media} />
        <p class="plain">{item.text}</p>
      </div>
      <footer class={isTrouble ? "trouble" : ""}>
        <span role="status">
          {say(SENDING_PHRASES[item.status])}
          {isTrouble && item.problem ? ` ${item.problem}` : ""}
        </span>
        {isTrouble ? (
          <>
            <button type="button" class="link" onClick={() => retryMessage(item.id)}>
              {say(item.status === "late" ? "tryNow" : "tryAgain")}
            </button>
            <button type="button" class="link" onClick={() => discardMessage(item.id)}>
              {say("discard")}
            </button>
          </>
        ) : null}
      </footer>
    </article>
  );
}

/**
 * The conversation as the page knows it, and how each event changes it. Pure: every function takes a state and gives the
 * next one, and a repeat of what is known already changes nothing.
 */
import { type Command, parseCommand } from "../../core/command.ts";
import type { ChatMessage, MediaRef } from "../../core/message.ts";
import type { QueuePlace, StreamEvent, TurnState } from "../../core/stream.ts";

/** Messages kept in the page; older ones are loaded again when somebody scrolls to them. */
export const MAX_KEPT_MESSAGES = 2000;

export interface RunningTurn {
  turnId: string;
  text: string;
  state: TurnState;
  /** Where it waits in line for the model. */
  place?: QueuePlace | undefined;
}

/** A message of this page until the history has it. */
export interface Outgoing {
  id: string;
  text: string;
  media: MediaRef[];
  atMs: number;
  /** `late`: tried in vain and tried again; `failed`: refused, and waits for the person. */
  status: "sending" | "late" | "sent" | "failed";
  /** What the server said of it. */
  problem?: string;
  /** True once the history shows it, while its own call is still under way. */
  isShown: boolean;
}

export interface Conversation {
  /** By rising seq. */
  messages: readonly ChatMessage[];
  turn: RunningTurn | undefined;
  /** In the order they were written. */
  outgoing: readonly Outgoing[];
  hasOlder: boolean;
  /** True from the first time that everything earlier was received. */
  isLoaded: boolean;
  /** A delta did not fit what is here, or the conversation moved: the stream has to be opened anew. */
  needsReopening: boolean;
}

export const EMPTY: Conversation = {
  messages: [],
  turn: undefined,
  outgoing: [],
  hasOlder: false,
  isLoaded: false,
  needsReopening: false,
};

/** Messages of one turn have ids that begin with the turn's. */
export function turnOf(message: ChatMessage): string {
  return message.id.split(":", 1)[0] ?? message.id;
}

export function lastSeq({ messages }: Conversation): number | undefined {
  return messages.at(-1)?.seq;
}

/** The stream was opened: `of` another conversation, nothing of the old one counts. What is unsent stays. */
export function reopen(state: Conversation, isSame: boolean): Conversation {
  if (!isSame) return { ...EMPTY, outgoing: state.outgoing };
  return { ...state, needsReopening: false };
}

export function receive(state: Conversation, event: StreamEvent): Conversation {
  switch (event.type) {
    case "ready":
      // A turn that still runs is told of right after this.
      return { ...state, isLoaded: true, turn: undefined };
    case "message":
      return receiveMessage(state, event.message);
    case "turn": {
      const { turnId, text, state: turnState, place } = event;
      const shown = text === "" || place ? turnState : "answering";
      return { ...state, turn: { turnId, text, state: shown, place } };
    }
    case "delta":
      return receiveDelta(state, event);
    case "end":
      return state.turn?.turnId === event.turnId ? { ...state, turn: undefined } : state;
  }
}

function receiveDelta(
  state: Conversation,
  { turnId, offset, text }: Extract<StreamEvent, { type: "delta" }>,
): Conversation {
  const { turn } = state;
  const known = turn?.turnId === turnId ? turn.text : "";
  if (offset > known.length) return { ...state, needsReopening: true };
  const joined = known.slice(0, offset) + text;
  // What came with the turn's own event may come once more.
  if (joined.length <= known.length && known.startsWith(joined)) return state;
  return { ...state, turn: { turnId, text: joined, state: "answering" } };
}

function receiveMessage(state: Conversation, message: ChatMessage): Conversation {
  const command = commandAnsweredBy(state, message);
  if (isForgetting(command)) return receiveMessage(dropMessages(state), message);
  const messages = insertMessage(state.messages, message);
  if (messages === state.messages) return state;
  const isAnswer = message.role === "assistant" && turnOf(message) === state.turn?.turnId;
  return {
    ...state,
    messages: messages.slice(-MAX_KEPT_MESSAGES),
    hasOlder: state.isLoaded
      ? state.hasOlder || messages.length > MAX_KEPT_MESSAGES
      : (messages[0]?.seq ?? 1) > 1,
    turn: isAnswer ? undefined : state.turn,
    outgoing: message.role === "user" ? markShown(state.outgoing, message) : state.outgoing,
    needsReopening: state.needsReopening || (state.isLoaded && isLinking(command)),
  };
}

/** The command whose answer this is, where it is one. */
function commandAnsweredBy({ messages }: Conversation, answer: ChatMessage): Command | undefined {
  if (answer.role !== "assistant") return undefined;
  const question = messages.find((item) => item.role === "user" && turnOf(item) === turnOf(answer));
  return question && parseCommand(question.text);
}

/** `/forget yes` erases what stands before its answer. */
function isForgetting(command: Command | undefined): boolean {
  return command?.name === "forget" && command.args.toLowerCase() === "yes";
}

/** `/link <code>` may have moved the conversation: the stream knows where to. */
function isLinking(command: Command | undefined): boolean {
  return command?.name === "link" && command.args !== "";
}

function dropMessages(state: Conversation): Conversation {
  return { ...state, messages: [], hasOlder: false, turn: undefined };
}

function insertMessage(
  messages: readonly ChatMessage[],
  message: ChatMessage,
): readonly ChatMessage[] {
  const at = messages.findLastIndex((known) => known.seq <= message.seq);
  if (messages[at]?.seq === message.seq) return messages;
  return messages.toSpliced(at + 1, 0, message);
}

/**
 * The history names a message by its turn and not by the page's own id: the first unshown one with the same text and
 * files is taken for it, so that it is not seen twice. One that has no call under way is gone with that.
 */
function markShown(outgoing: readonly Outgoing[], message: ChatMessage): readonly Outgoing[] {
  const at = outgoing.findIndex((item) => !item.isShown && isSameContent(item, message));
  const found = outgoing[at];
  if (!found) return outgoing;
  return found.status === "sent"
    ? outgoing.toSpliced(at, 1)
    : outgoing.with(at, { ...found, isShown: true });
}

function isSameContent(item: Outgoing, message: ChatMessage): boolean {
  const [own, stored] = [item.media, message.media].map((media) =>
    media.map((file) => file.fileId).join(),
  );
  return item.text.toWellFormed() === message.text && own === stored;
}

/** A page of history from before everything that is here. */
export function receiveOlder(
  state: Conversation,
  older: readonly ChatMessage[],
  more: boolean,
): Conversation {
  const firstSeq = state.messages[0]?.seq ?? Number.POSITIVE_INFINITY;
  const fresh = older.filter((message) => message.seq < firstSeq);
  return { ...state, messages: [...fresh, ...state.messages], hasOlder: more && fresh.length > 0 };
}

export function addOutgoing(state: Conversation, item: Outgoing): Conversation {
  return { ...state, outgoing: [...state.outgoing, item] };
}

/** Changes one unsent message; one that is both sent and shown is gone. */
export function changeOutgoing(
  state: Conversation,
  id: string,
  change: Partial<Outgoing>,
): Conversation {
  const outgoing = state.outgoing
    .map((item) => (item.id === id ? { ...item, ...change } : item))
    .filter((item) => !(item.status === "sent" && item.isShown));
  return { ...state, outgoing };
}

export function removeOutgoing(state: Conversation, id: string): Conversation {
  return { ...state, outgoing: state.outgoing.filter((item) => item.id !== id) };
}

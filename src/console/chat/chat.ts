/**
 * The chat of the signed-in person: the conversation as signals, kept up to date by the stream, and what the person can
 * do with it. Events are applied once for each frame: a fast model must not redraw the page for every token.
 */
import { computed, signal } from "@preact/signals";
import { loadHistory, stopAnswer } from "../api.ts";
import { toApiError } from "../api-error.ts";
import { say } from "../preferences.ts";
import { endSession } from "../session.ts";
import { attachments, isUploading, takeAttachments } from "./attachments.ts";
import {
  addOutgoing,
  type Conversation,
  changeOutgoing,
  EMPTY,
  lastSeq,
  receive,
  receiveOlder,
  removeOutgoing,
  reopen,
} from "./conversation.ts";
import { type Follower, follow } from "./follow.ts";
import { createFrameQueue } from "./frame-queue.ts";
import { createOutbox, type SendState } from "./outbox.ts";
import { buildTimeline } from "./timeline.ts";

const OLDER_PAGE = 50;
/** A break shorter than this is not worth a word. */
const OFFLINE_AFTER_MS = 1_500;
/** A stored message that the stream does not show within this time: the stream is not what it seems. */
const ECHO_MS = 4_000;

const state = signal<Conversation>(EMPTY);

export const messages = computed(() => state.value.messages);
export const turn = computed(() => state.value.turn);
export const isLoaded = computed(() => state.value.isLoaded);
export const hasOlder = computed(() => state.value.hasOlder);
const outgoing = computed(() => state.value.outgoing);
const turnId = computed(() => state.value.turn?.turnId);
export const timeline = computed(() => buildTimeline(messages.value, outgoing.value, turnId.value));

export const isOffline = signal(false);
export const older = signal<"idle" | "loading" | "failed">("idle");
/** Why the last "stop" did nothing. */
export const stopProblem = signal<string | undefined>(undefined);
export const draft = signal("");

let follower: Follower | undefined;
let conversation: string | undefined;
let offlineTimer: ReturnType<typeof setTimeout> | undefined;

const frames = createFrameQueue(receiveAll);

function receiveAll(events: Parameters<typeof receive>[1][]): void {
  const isReopening = state.value.needsReopening;
  state.value = events.reduce(receive, state.value);
  if (state.value.needsReopening && !isReopening) follower?.reopen();
}

const outbox = createOutbox({ changed: changeSending, signedOut: endSession });

function changeSending(id: string, change: SendState): void {
  const { status } = change;
  const problem =
    status === "late" || status === "failed" ? describeProblem(change.error) : undefined;
  state.value = changeOutgoing(state.value, id, {
    status,
    ...(problem === undefined ? {} : { problem }),
  });
  if (status === "sent") setTimeout(() => expectEcho(id), ECHO_MS);
}

function describeProblem(error: ReturnType<typeof toApiError>): string | undefined {
  if (error.problem?.code === "session/queue_full") return say("queueFull");
  return error.problem && !error.isTransient
    ? `${error.problem.detail} ${error.problem.fix}`
    : undefined;
}

function expectEcho(id: string): void {
  if (state.value.outgoing.some((item) => item.id === id)) follower?.reopen();
}

/** Begins to follow; goes on where it was after signing in again. */
export function openChat(): void {
  follower?.stop();
  follower = follow({
    position: () => ({ after: lastSeq(state.value), of: conversation }),
    opened(name) {
      frames.clear(); // what came too late for the asked position comes again
      state.value = reopen(state.value, conversation === name);
      conversation = name;
      clearTimeout(offlineTimer);
      isOffline.value = false;
      outbox.hurry();
    },
    received: (event) => frames.push(event),
    lost() {
      clearTimeout(offlineTimer);
      offlineTimer = setTimeout(() => {
        isOffline.value = true;
      }, OFFLINE_AFTER_MS);
    },
    signedOut: endSession,
  });
  outbox.resume();
}

export function closeChat(): void {
  follower?.stop();
  follower = undefined;
  clearTimeout(offlineTimer);
  isOffline.value = false;
}

/** Forgets what is on the screen: the next one who signs in here may be somebody else. */
export function clearChat(): void {
  closeChat();
  conversation = undefined;
  for (const item of state.value.outgoing) outbox.remove(item.id);
  state.value = EMPTY;
  draft.value = "";
  takeAttachments();
}

/** The network may be back: try now. */
export function hurryChat(): void {
  follower?.hurry();
  outbox.hurry();
}

/** Sends the draft with its files; does nothing while a file is on its way. */
export function sendDraft(): void {
  const text = draft.value;
  if (isUploading(attachments.value)) return;
  if (text.trim() === "" && attachments.value.length === 0) return;
  send(text, takeAttachments());
  draft.value = "";
}

function send(text: string, media: Conversation["outgoing"][number]["media"]): void {
  const id = newUuid();
  const item = { id, text, media, atMs: Date.now(), status: "sending", isShown: false } as const;
  state.value = addOutgoing(state.value, item);
  const files = media.flatMap((file) => file.fileId ?? []);
  outbox.add({ id, text, files });
}

/** crypto.randomUUID is missing where the page is served by plain http from another machine. */
function newUuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = Array.from(bytes, (byte, at) => {
    const value = at === 6 ? (byte & 0x0f) | 0x40 : at === 8 ? (byte & 0x3f) | 0x80 : byte;
    return value.toString(16).padStart(2, "0");
  }).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Sends a refused message once more, under the same id. */
export function retryMessage(id: string): void {
  const item = state.value.outgoing.find((candidate) => candidate.id === id);
  if (!item) return;
  if (item.status !== "failed") outbox.hurry();
  else outbox.add({ id, text: item.text, files: item.media.flatMap((file) => file.fileId ?? []) });
}

export function discardMessage(id: string): void {
  outbox.remove(id);
  state.value = removeOutgoing(state.value, id);
}

export async function stopTurn(): Promise<void> {
  stopProblem.value = undefined;
  try {
    await stopAnswer();
  } catch (error) {
    const failure = toApiError(error);
    if (failure.isSignedOut) endSession();
    else stopProblem.value = failure.problem?.detail ?? say("stopFailed");
  }
}

export async function loadOlder(): Promise<void> {
  const first = state.value.messages[0];
  if (!first || !state.value.hasOlder || older.value === "loading") return;
  older.value = "loading";
  const of = conversation;
  try {
    const page = await loadHistory(first.seq, OLDER_PAGE);
    if (of === conversation) state.value = receiveOlder(state.value, page.messages, page.more);
    older.value = "idle";
  } catch {
    older.value = "failed"; // the list offers another try
  }
}

/** True where closing the page would lose something. */
export function hasUnsent(): boolean {
  return state.value.outgoing.some((item) => item.status !== "sent");
}

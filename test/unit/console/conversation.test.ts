import fc from "fast-check";
import { describe, it } from "vitest";
import {
  addOutgoing,
  type Conversation,
  changeOutgoing,
  EMPTY,
  lastSeq,
  MAX_KEPT_MESSAGES,
  type Outgoing,
  receive,
  receiveOlder,
  removeOutgoing,
  reopen,
} from "../../../src/console/chat/conversation.ts";
import { buildTimeline } from "../../../src/console/chat/timeline.ts";
import type { ChatMessage } from "../../../src/core/message.ts";
import type { StreamEvent } from "../../../src/core/stream.ts";

function said(seq: number, id: string, text = id, change: Partial<ChatMessage> = {}): ChatMessage {
  const role = id.endsWith(":u") ? "user" : "assistant";
  return { seq, id, role, text, atMs: 1_000 * seq, channel: "web", media: [], ...change };
}

function outgoing(id: string, text: string, change: Partial<Outgoing> = {}): Outgoing {
  return { id, text, media: [], atMs: 0, status: "sending", isShown: false, ...change };
}

function message(item: ChatMessage): StreamEvent {
  return { type: "message", message: item };
}

function delta(turnId: string, offset: number, text: string): StreamEvent {
  return { type: "delta", turnId, offset, text };
}

function apply(events: readonly StreamEvent[], from: Conversation = EMPTY): Conversation {
  return events.reduce(receive, from);
}

const READY: StreamEvent = { type: "ready", seq: 0 };

describe("messages", () => {
  it("stand in the order of their positions, each once, however they come", ({ expect }) => {
    const all = Array.from({ length: 12 }, (_, at) => said(at + 1, `t${at}:u`));
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...all)), (received) => {
        const { messages } = apply(received.map(message));
        const known = all.filter((item) => received.includes(item));
        expect(messages).toEqual(known);
      }),
    );
  });

  it("that came before change nothing, not even the state's identity", ({ expect }) => {
    const state = apply([message(said(1, "a:u")), READY]);
    expect(receive(state, message(said(1, "a:u")))).toBe(state);
    expect(lastSeq(state)).toBe(1);
  });

  it(`are kept up to ${MAX_KEPT_MESSAGES}; older ones can be loaded again`, ({ expect }) => {
    const many = Array.from({ length: MAX_KEPT_MESSAGES }, (_, at) => said(at + 1, `t${at}:u`));
    const full: Conversation = { ...EMPTY, messages: many, isLoaded: true };
    const next = receive(full, message(said(MAX_KEPT_MESSAGES + 1, "last:u")));
    expect(next.messages).toHaveLength(MAX_KEPT_MESSAGES);
    expect(next.messages[0]?.seq).toBe(2);
    expect([full.hasOlder, next.hasOlder]).toEqual([false, true]);
  });

  it("tell by the first position whether older ones exist", ({ expect }) => {
    expect(apply([message(said(1, "a:u")), READY]).hasOlder).toBe(false);
    expect(apply([message(said(5, "a:u")), READY]).hasOlder).toBe(true);
  });

  it("of an older page go before the others, and the last page ends the asking", ({ expect }) => {
    const state = apply([message(said(5, "c:u")), READY]);
    const older = receiveOlder(state, [said(3, "a:u"), said(4, "b:u"), said(5, "c:u")], true);
    expect(older.messages.map(({ seq }) => seq)).toEqual([3, 4, 5]);
    expect(older.hasOlder).toBe(true);
    expect(receiveOlder(older, [], false).hasOlder).toBe(false);
    expect(receiveOlder(older, [said(3, "a:u")], true).hasOlder).toBe(false);
  });

  it("are gone once /forget yes was answered", ({ expect }) => {
    const before = [message(said(1, "a:u")), message(said(2, "a:a")), READY];
    const asked = apply([...before, message(said(3, "f:u", "/forget"))]);
    expect(receive(asked, message(said(4, "f:a"))).messages).toHaveLength(4);
    const forgetting = receive(asked, message(said(5, "g:u", "/forget YES")));
    const done = receive(forgetting, message(said(6, "g:a", "Erased.")));
    expect(done.messages.map(({ seq }) => seq)).toEqual([6]);
    expect(done.hasOlder).toBe(false);
  });
});

describe("a running turn", () => {
  it("has its text whole, whatever part of it comes again", ({ expect }) => {
    const pieces = fc.array(fc.string({ minLength: 1, maxLength: 6, unit: "grapheme" }), {
      minLength: 1,
      maxLength: 10,
    });
    fc.assert(
      fc.property(pieces, fc.nat(), fc.nat(), (parts, lostAt, backTo) => {
        const whole = parts.join("");
        const offsets = parts.map((_, at) => parts.slice(0, at).join("").length);
        const deltas = parts.map((text, at) => delta("t", offsets[at] ?? 0, text));
        const lost = lostAt % (parts.length + 1);
        const back = backTo % (lost + 1);
        // The stream breaks after `lost` pieces; the next one states the text up to there, and repeats from `back` on.
        const soFar = parts.slice(0, lost).join("");
        const state = apply([
          READY,
          { type: "turn", turnId: "t", text: "", state: "thinking" },
          ...deltas.slice(0, lost),
          READY,
          { type: "turn", turnId: "t", text: soFar, state: "answering" },
          ...deltas.slice(back),
        ]);
        expect(state.turn?.text).toBe(whole);
        expect(state.needsReopening).toBe(false);
      }),
    );
  });

  it("asks for the stream anew when a piece is missing", ({ expect }) => {
    const state = apply([READY, delta("t", 0, "ab"), delta("t", 3, "d")]);
    expect(state.needsReopening).toBe(true);
    expect(state.turn?.text).toBe("ab");
    expect(reopen(state, true).needsReopening).toBe(false);
    expect(apply([READY, delta("t", 4, "x")]).needsReopening).toBe(true);
  });

  it("gives way to its stored answer in the same step, and only to that", ({ expect }) => {
    const running = apply([READY, delta("t", 0, "Hel")]);
    expect(receive(running, message(said(1, "other:a"))).turn?.text).toBe("Hel");
    const done = receive(running, message(said(2, "t:a", "Hello")));
    expect(done.turn).toBeUndefined();
    expect(receive(running, { type: "end", turnId: "other" })).toBe(running);
    expect(receive(running, { type: "end", turnId: "t" }).turn).toBeUndefined();
  });

  it("is dropped at a reconnect unless the server still knows it", ({ expect }) => {
    const running = apply([READY, delta("t", 0, "Hel")]);
    expect(receive(reopen(running, true), READY).turn).toBeUndefined();
  });

  it("shows its place in line, and no longer once it goes on", ({ expect }) => {
    const place = { position: 2, etaMs: 9_000 };
    const waits: StreamEvent = { type: "turn", turnId: "t", text: "", state: "waiting", place };
    expect(apply([READY, waits]).turn).toEqual({ turnId: "t", text: "", state: "waiting", place });
    expect(apply([READY, waits, delta("t", 0, "Hi")]).turn).toEqual({
      turnId: "t",
      text: "Hi",
      state: "answering",
    });
  });

  it("that runs again from the start begins with nothing", ({ expect }) => {
    const again: StreamEvent = { type: "turn", turnId: "t", text: "", state: "thinking" };
    const state = apply([READY, delta("t", 0, "old words"), again, delta("t", 0, "new")]);
    expect(state.turn).toEqual({ turnId: "t", text: "new", state: "answering" });
  });
});

describe("a conversation that goes on elsewhere", () => {
  it("is looked for once a link code was answered, and not when that is read again", ({
    expect,
  }) => {
    const linked = [message(said(1, "l:u", "/link ABCD2345")), message(said(2, "l:a", "Linked."))];
    expect(apply([READY, ...linked]).needsReopening).toBe(true);
    expect(apply([...linked, READY]).needsReopening).toBe(false);
    const asked = [message(said(1, "l:u", "/link")), message(said(2, "l:a", "Your code is …"))];
    expect(apply([READY, ...asked]).needsReopening).toBe(false);
  });

  it("begins empty and keeps what is not sent yet", ({ expect }) => {
    const state = addOutgoing(apply([message(said(9, "a:u")), READY]), outgoing("1", "hi"));
    const moved = reopen(state, false);
    expect(moved.messages).toEqual([]);
    expect(lastSeq(moved)).toBeUndefined();
    expect(moved.outgoing).toHaveLength(1);
  });
});

describe("an unsent message", () => {
  const shown = (state: Conversation) =>
    buildTimeline(state.messages, state.outgoing, undefined)
      .filter((item) => item.kind !== "day")
      .map((item) => item.key);

  it("is seen exactly once, whether the stream or the answer to its call comes first", ({
    expect,
  }) => {
    const state = addOutgoing(EMPTY, outgoing("1", "hi"));
    const stored = message(said(1, "t:u", "hi"));
    const streamFirst = receive(state, stored);
    expect(shown(streamFirst)).toEqual(["message 1"]);
    expect(changeOutgoing(streamFirst, "1", { status: "sent" }).outgoing).toEqual([]);
    const callFirst = changeOutgoing(state, "1", { status: "sent" });
    expect(shown(callFirst)).toEqual(["outgoing 1"]);
    expect(receive(callFirst, stored).outgoing).toEqual([]);
  });

  it("stays unseen while its repeat is under way, and is back when it is refused", ({ expect }) => {
    const late = receive(
      addOutgoing(EMPTY, outgoing("1", "hi", { status: "late" })),
      message(said(1, "t:u", "hi")),
    );
    expect(shown(late)).toEqual(["message 1"]);
    const failed = changeOutgoing(late, "1", { status: "failed" });
    expect(shown(failed)).toEqual(["message 1", "outgoing 1"]);
  });

  it("is taken for one stored message only, and not for one with other text or files", ({
    expect,
  }) => {
    const twice = addOutgoing(addOutgoing(EMPTY, outgoing("1", "hi")), outgoing("2", "hi"));
    expect(shown(receive(twice, message(said(1, "t:u", "hi"))))).toEqual([
      "message 1",
      "outgoing 2",
    ]);
    const media = [{ kind: "file" as const, fileId: "f" }];
    const withFile = addOutgoing(EMPTY, outgoing("1", "hi", { media }));
    expect(shown(receive(withFile, message(said(1, "t:u", "hi"))))).toHaveLength(2);
    expect(shown(receive(withFile, message(said(1, "t:u", "hi", { media }))))).toEqual([
      "message 1",
    ]);
    expect(shown(receive(twice, message(said(1, "t:a", "hi"))))).toHaveLength(3);
  });

  it("can be discarded", ({ expect }) => {
    const state = addOutgoing(EMPTY, outgoing("1", "hi"));
    expect(removeOutgoing(state, "1").outgoing).toEqual([]);
  });
});

describe("the order of reading", () => {
  const keys = (items: ReturnType<typeof buildTimeline>) =>
    items.filter((item) => item.kind !== "day").map((item) => item.key);

  it("puts an answer under its question, also where another question came between", ({
    expect,
  }) => {
    const messages = [said(1, "a:u"), said(2, "b:u"), said(3, "a:a"), said(4, "b:a")];
    expect(keys(buildTimeline(messages, [], undefined))).toEqual([
      "message 1",
      "message 3",
      "message 2",
      "message 4",
    ]);
  });

  it("puts the running turn where its answer will stand", ({ expect }) => {
    const messages = [said(1, "a:u"), said(2, "b:u")];
    expect(keys(buildTimeline(messages, [], "a"))).toEqual(["message 1", "turn a", "message 2"]);
    expect(keys(buildTimeline(messages, [outgoing("1", "x")], "c")).slice(-2)).toEqual([
      "outgoing 1",
      "turn c",
    ]);
  });

  it("holds every message once, with keys that differ", ({ expect }) => {
    const ids = fc.array(fc.constantFrom("a:u", "a:a", "b:u", "b:a", "c:waiting"), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(ids, (list) => {
        const messages = list.map((id, at) => said(at + 1, id));
        const items = keys(buildTimeline(messages, [], "b"));
        expect(new Set(items).size).toBe(items.length);
        expect(items.filter((key) => key.startsWith("message"))).toHaveLength(list.length);
      }),
    );
  });

  it("names each day once", ({ expect }) => {
    const day = 24 * 3_600_000;
    const messages = [
      said(1, "a:u"),
      said(2, "a:a", "x", { atMs: 10 * day }),
      said(3, "b:u", "y", { atMs: 10 * day }),
    ];
    expect(buildTimeline(messages, [], undefined).map(({ kind }) => kind)).toEqual([
      "day",
      "message",
      "message",
      "day",
      "message",
    ]);
  });
});

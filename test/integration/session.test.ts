/** A conversation's object: what it accepts, in which order it answers, what it stores. No model server runs here. */
import { runInDurableObject } from "cloudflare:test";
import { describe, it } from "vitest";
import type {
  AcceptRequest,
  HistoryPage,
  ReplyState,
  SessionCalls,
} from "../../src/core/session-protocol.ts";
import { CLAIM_MS, MAX_QUEUED } from "../../src/do/session/inbox.ts";
import { callSession } from "../../src/do/session/session-client.ts";
import { env, messageRequest, person } from "../support/integration.ts";

function sessionOf(request: AcceptRequest): SessionCalls {
  // The stub answers the same calls with types that unfold into unions.
  return env.SESSION.getByName(request.session) as unknown as SessionCalls;
}

function keyOf(request: AcceptRequest): string {
  return request.event.key;
}

async function say(text: string, conversation: string): Promise<ReplyState> {
  const request = messageRequest(text, { conversation });
  const session = sessionOf(request);
  await session.accept(request);
  return (await session.reply(request.account, keyOf(request), 10_000)) as ReplyState;
}

/** By the way of callers, who follow a conversation to where it goes on. */
async function take(request: AcceptRequest) {
  const { session, result } = await callSession(env, request.session, (object) =>
    object.accept(request),
  );
  return { session, status: result.status };
}

async function answerTo(request: AcceptRequest): Promise<ReplyState> {
  const { result } = await callSession(env, request.session, (object) =>
    object.reply(request.account, keyOf(request), 10_000),
  );
  return result;
}

async function tables(
  request: AcceptRequest,
  query: string,
): Promise<Record<string, SqlStorageValue>[]> {
  const stub = env.SESSION.getByName(request.session);
  return runInDurableObject(stub, (_instance, state) => state.storage.sql.exec(query).toArray());
}

describe("accepting", () => {
  it("stores a repeat once, also when a hundred come at once", async ({ expect }) => {
    const request = messageRequest("/help");
    const session = sessionOf(request);
    const outcomes = await Promise.all(Array.from({ length: 100 }, () => session.accept(request)));
    expect(outcomes.filter((outcome) => outcome.status === "accepted")).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome.status === "duplicate")).toHaveLength(99);
    expect(await session.reply(request.account, keyOf(request), 10_000)).toMatchObject({
      status: "answered",
    });
    expect(await tables(request, "SELECT 1 FROM inbox")).toHaveLength(1);
    expect(await tables(request, "SELECT 1 FROM outbox")).toHaveLength(1);
  });

  it("keeps no plain text", async ({ expect }) => {
    const request = messageRequest("the secret word is rhubarb");
    await sessionOf(request).accept(request);
    const rows = await tables(request, "SELECT hex(body) AS body FROM messages");
    const plain = Array.from(new TextEncoder().encode("rhubarb"), (byte) =>
      byte.toString(16).padStart(2, "0"),
    ).join("");
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows).toLowerCase()).not.toContain(plain);
  });

  it(`takes ${MAX_QUEUED} waiting messages and stores nothing of the next`, async ({ expect }) => {
    const conversation = crypto.randomUUID();
    const first = messageRequest("0", { conversation });
    const session = sessionOf(first);
    for (let index = 0; index < MAX_QUEUED; index += 1)
      expect(await session.accept(messageRequest(`${index}`, { conversation }))).toMatchObject({
        status: "accepted",
      });
    expect(await session.accept(messageRequest("one more", { conversation }))).toEqual({
      status: "full",
      retryAfterMs: 30_000,
    });
    expect(await tables(first, "SELECT 1 FROM messages WHERE role = 'user'")).toHaveLength(
      MAX_QUEUED,
    );
  });

  it("still takes a command when the queue is full", async ({ expect }) => {
    const conversation = crypto.randomUUID();
    const session = sessionOf(messageRequest("0", { conversation }));
    for (let index = 0; index < MAX_QUEUED; index += 1)
      await session.accept(messageRequest(`${index}`, { conversation }));
    expect(await say("/whoami", conversation)).toEqual({
      status: "answered",
      text: "You are Ada (owner), here as web.",
    });
  });
});

describe("a message without a model server", () => {
  it("waits, and the person is told so once", async ({ expect }) => {
    const request = messageRequest("hello");
    const session = sessionOf(request);
    await session.accept(request);
    expect(await session.reply(request.account, keyOf(request), 1_500)).toEqual({
      status: "pending",
    });
    const page = (await session.history(undefined, 10)) as HistoryPage;
    expect(page.messages.map((message) => message.role)).toEqual(["user", "assistant"]);
    expect(page.messages[1]?.text).toContain("I keep your message");
    expect(await tables(request, "SELECT state FROM inbox")).toEqual([{ state: "queued" }]);
  });

  it("is taken back by /stop", async ({ expect }) => {
    const conversation = crypto.randomUUID();
    const waiting = messageRequest("hello", { conversation });
    await sessionOf(waiting).accept(waiting);
    expect(await say("/stop", conversation)).toEqual({ status: "answered", text: "Stopped." });
    expect(await tables(waiting, "SELECT state FROM inbox ORDER BY seq")).toEqual([
      { state: "cancelled" },
      { state: "done" },
    ]);
    expect(await say("/stop", conversation)).toEqual({
      status: "answered",
      text: "There is nothing to stop.",
    });
  });

  it("is replaced by an edit, which is claimed like any event", async ({ expect }) => {
    const conversation = crypto.randomUUID();
    const first = messageRequest("helo", { conversation, id: "7" });
    const session = sessionOf(first);
    await session.accept(first);
    const edit = messageRequest("hello", { conversation, id: "7", kind: "edit" });
    expect(await session.accept(edit)).toMatchObject({ status: "accepted" });
    expect(await session.accept(edit)).toEqual({ status: "duplicate" });
    const page = (await session.history(undefined, 10)) as HistoryPage;
    expect(
      page.messages.filter((message) => message.role === "user").map((message) => message.text),
    ).toEqual(["hello"]);
    expect(await tables(first, "SELECT state FROM inbox ORDER BY seq")).toEqual([
      { state: "queued" },
      { state: "done" },
    ]);
  });
});

describe("commands", () => {
  it("answer in the person's language", async ({ expect }) => {
    const request = messageRequest("/help");
    const session = sessionOf(request);
    await session.accept({ ...request, speaker: { ...request.speaker, lang: "zh" } });
    const reply = (await session.reply(request.account, keyOf(request), 10_000)) as ReplyState;
    expect(reply).toMatchObject({
      status: "answered",
      text: expect.stringContaining("我是 Rockpool"),
    });
  });

  it("name a command that does not exist", async ({ expect }) => {
    expect(await say("/frobnicate", crypto.randomUUID())).toEqual({
      status: "answered",
      text: "I do not know /frobnicate. /help lists what I know.",
    });
  });

  it("erase the conversation only when it is said twice", async ({ expect }) => {
    const conversation = crypto.randomUUID();
    await say("/whoami", conversation);
    expect(await say("/forget", conversation)).toMatchObject({
      text: expect.stringContaining("Send `/forget yes`"),
    });
    expect(await say("/forget yes", conversation)).toMatchObject({
      text: expect.stringContaining("Forgotten"),
    });
    const request = messageRequest("", { conversation });
    const page = (await sessionOf(request).history(undefined, 100)) as HistoryPage;
    expect(page.messages.map((message) => message.text)).toEqual([
      "/forget yes",
      "Forgotten: 4 messages.",
    ]);
  });
});

describe("/link", () => {
  it("moves the second conversation into the first, and takes nothing twice that it had taken", async ({
    expect,
  }) => {
    const [first, second] = [crypto.randomUUID(), crypto.randomUUID()];
    const offered = (await say("/link", first)) as { text: string };
    const code = /\/link ([A-Z2-9]{8})/.exec(offered.text)?.[1];
    expect(code).toBeDefined();
    const request = messageRequest(`/link ${code}`, { conversation: second });
    const to = messageRequest("", { conversation: first }).session;
    expect(await take(request)).toEqual({ session: request.session, status: "accepted" });
    const linked = await answerTo(request);
    expect(linked).toMatchObject({ text: expect.stringContaining("Linked.") });

    const moved = { status: "moved", to, isSettled: false };
    expect(await sessionOf(request).history(undefined, 5)).toEqual(moved);
    const later = messageRequest("/whoami", { conversation: second });
    expect(await sessionOf(request).accept(later)).toEqual(moved);
    expect(await take(later)).toEqual({ session: to, status: "accepted" });
    // A repeat of what was said before, by a platform that heard no answer or by somebody who listened.
    expect(await take(request)).toEqual({ session: request.session, status: "duplicate" });
    expect(await answerTo(request)).toEqual(linked);
    await tables(request, `UPDATE inbox SET accepted_at_ms = accepted_at_ms - ${2 * CLAIM_MS}`);
    expect(await sessionOf(request).history(undefined, 5)).toEqual({ ...moved, isSettled: true });
  });

  it("refuses a code that was used elsewhere, that is made up, or that is the conversation's own", async ({
    expect,
  }) => {
    const [first, second, third] = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()];
    const offered = (await say("/link", first)) as { text: string };
    const code = /\/link ([A-Z2-9]{8})/.exec(offered.text)?.[1];
    expect(await say(`/link ${code}`, first)).toMatchObject({
      text: expect.stringContaining("own conversation"),
    });
    await say(`/link ${code}`, second);
    expect(await say(`/link ${code}`, third)).toMatchObject({
      text: expect.stringContaining("not valid"),
    });
    expect(await say("/link AAAAAAAA", third)).toMatchObject({
      text: expect.stringContaining("not valid"),
    });
  });
});

describe("files", () => {
  it("come back as they were kept, in parts", async ({ expect }) => {
    const request = messageRequest("");
    const session = sessionOf(request);
    const bytes = crypto.getRandomValues(new Uint8Array(60_000));
    const large = new Uint8Array(2_500_000);
    for (let at = 0; at < large.length; at += bytes.length)
      large.set(bytes.subarray(0, Math.min(bytes.length, large.length - at)), at);
    const kept = await session.storeFile({
      personId: person.personId,
      kind: "file",
      name: "a.bin",
      mime: "application/x-test",
      bytes: large,
    });
    if (!("fileId" in kept) || kept.fileId === undefined) throw new Error("no file id");
    const file = await session.openFile(kept.fileId);
    if (!("body" in file)) throw new Error("no body");
    expect(file).toMatchObject({
      name: "a.bin",
      mime: "application/x-test",
      sizeBytes: large.length,
    });
    const read = new Uint8Array(await new Response(file.body).arrayBuffer());
    expect(await crypto.subtle.digest("SHA-256", read)).toEqual(
      await crypto.subtle.digest("SHA-256", large),
    );
  });

  it("are unknown by another id", async ({ expect }) => {
    const stub = env.SESSION.getByName(messageRequest("").session);
    const error = await runInDurableObject(stub, async (session: unknown) => {
      const opened = (session as SessionCalls).openFile("nothing");
      return opened.catch((failure: unknown) => failure);
    });
    expect(error).toMatchObject({ code: "file/unknown", message: "No such file." });
  });
});

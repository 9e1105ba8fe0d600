import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, it } from "vitest";
import type { PersonId } from "../../src/core/ids.ts";
import type { PersonAccess } from "../../src/core/person-access.ts";
import type { Role } from "../../src/core/roles.ts";
import type { AcceptRequest, Speaker } from "../../src/core/session-protocol.ts";
import { acceptCounted } from "../../src/do/intake/accept-counted.ts";
import { checkQuota, noteSpent, quotaError, takeTelling } from "../../src/do/quota/quota-client.ts";
import { env, messageRequest } from "../support/integration.ts";

/** A person of this test alone: the ledger is the whole isolate's. */
function createSpeaker(limits: PersonAccess["limits"], role: Role = "member"): Speaker {
  const personId = crypto.randomUUID() as PersonId;
  return { personId, role, name: "Ada", lang: "en", ...(limits ? { access: { limits } } : {}) };
}

function say(speaker: Speaker, text: string, given: { conversation?: string; key?: string } = {}) {
  const request: AcceptRequest = {
    ...messageRequest(text, { conversation: speaker.personId, ...given }),
    speaker,
  };
  return acceptCounted(env, request);
}

async function storedMessages(speaker: Speaker): Promise<number> {
  const { session } = messageRequest("", { conversation: speaker.personId });
  const page = await env.SESSION.getByName(session).history(undefined, 100);
  return page.status === "page" ? page.messages.filter(({ role }) => role === "user").length : -1;
}

describe("a person at the limit of messages", () => {
  it("is not stored any more, while commands go through", async ({ expect }) => {
    const speaker = createSpeaker({ messages_day: 2 });
    expect(await say(speaker, "one")).toMatchObject({ result: { status: "accepted" } });
    expect(await say(speaker, "two")).toMatchObject({ result: { status: "accepted" } });
    const over = await say(speaker, "three");
    expect(over).toMatchObject({
      status: "over",
      over: { quota: "messages_day", limit: 2 },
    });
    expect(await say(speaker, "/stop")).toMatchObject({ result: { status: "accepted" } });
    expect(await storedMessages(speaker)).toBe(3);
  });

  it("is not counted for a message that came twice", async ({ expect }) => {
    const speaker = createSpeaker({ messages_day: 2 });
    for (let time = 0; time < 4; time += 1) await say(speaker, "one", { key: "k1" });
    expect(await say(speaker, "two")).toMatchObject({ result: { status: "accepted" } });
    expect(await say(speaker, "three")).toMatchObject({ status: "over" });
  });

  it("holds when many messages come at once, to the message", async ({ expect }) => {
    const speaker = createSpeaker({ messages_minute: 7 });
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, index) => say(speaker, `m${index}`)),
    );
    expect(all.filter(({ status }) => status === "taken")).toHaveLength(7);
    expect(await storedMessages(speaker)).toBe(7);
  });

  it("is told once which limit it is and when it goes on, in the person's language", async ({
    expect,
  }) => {
    for (const [lang, words] of [
      ["en", /^That is your limit: 1 messages a day\. I go on at \d{4}-\d\d-\d\d 00:00 \(.+\)/],
      ["zh", /^已达到你的上限：每天 1 条消息。\d{4}-\d\d-\d\d 00:00（.+）后继续/],
    ] as const) {
      const speaker: Speaker = { ...createSpeaker({ messages_day: 1 }), lang };
      await say(speaker, "one");
      const over = await say(speaker, "two");
      if (over.status !== "over") throw new Error("It was taken.");
      expect(await takeTelling(env, speaker, over.over)).toMatch(words);
      expect(await takeTelling(env, speaker, over.over)).toBeUndefined();
      expect(quotaError(env, speaker, over.over)).toMatchObject({ code: "quota/reached" });
    }
  });

  it("has a role's limits without own ones, and an owner has none", async ({ expect }) => {
    const guest = createSpeaker(undefined, "guest");
    const owner = createSpeaker(undefined, "owner");
    const count = async (speaker: Speaker) => {
      const all = await Promise.all(Array.from({ length: 30 }, () => say(speaker, "hello")));
      return all.filter(({ status }) => status === "taken").length;
    };
    expect(await count(guest)).toBe(5);
    expect(await count(owner)).toBe(30);
  });
});

describe("a person at the limit of tokens or files", () => {
  it("gets no further message, or no further file", async ({ expect }) => {
    const speaker = createSpeaker({ tokens_day: 100, files_day: 1 });
    await noteSpent(env, speaker.personId, { tokens: 100 });
    expect(await say(speaker, "one")).toMatchObject({ over: { quota: "tokens_day" } });
    expect(await checkQuota(env, speaker, { files: 1 })).toEqual({ status: "free" });
    await noteSpent(env, speaker.personId, { files: 1 });
    expect(await checkQuota(env, speaker, { files: 1 })).toMatchObject({ quota: "files_day" });
  });
});

describe("a person at the limit of new conversations", () => {
  it("goes on in the ones that there are, and begins no other", async ({ expect }) => {
    const speaker = createSpeaker({ conversations_day: 2 });
    for (const conversation of ["a", "b"])
      expect(
        await say(speaker, "hi", { conversation: `${speaker.personId}-${conversation}` }),
      ).toMatchObject({ result: { status: "accepted", isNewConversation: true } });
    const third = await say(speaker, "/help", { conversation: `${speaker.personId}-c` });
    expect(third).toMatchObject({ over: { quota: "conversations_day" } });
    const { session } = messageRequest("", { conversation: `${speaker.personId}-a` });
    await env.DB.prepare(
      "INSERT OR IGNORE INTO sessions (id, channel, account, created_at_ms, last_at_ms) VALUES (?, 'web', 'main', 1, 1)",
    )
      .bind(session)
      .run();
    const first = await say(speaker, "again", { conversation: `${speaker.personId}-a` });
    expect(first).toMatchObject({ result: { status: "accepted" } });
  });
});

describe("what was counted", () => {
  it("is written a few seconds later, in one transaction for everybody", async ({ expect }) => {
    const people = [createSpeaker(undefined, "owner"), createSpeaker(undefined, "owner")];
    for (const speaker of people) await say(speaker, "hello");
    const quota = env.QUOTA.getByName("quota");
    await runDurableObjectAlarm(quota);
    const [first] = people;
    const stored = await runInDurableObject(quota, (_object, state) =>
      state.storage.sql
        .exec<{ person_id: string; messages: number; day: string }>(
          "SELECT person_id, messages, day FROM spent",
        )
        .toArray(),
    );
    for (const { personId } of people)
      expect(stored).toContainEqual(expect.objectContaining({ person_id: personId, messages: 1 }));
    const rows = await quota.spent(stored[0]?.day ?? "");
    expect(rows).toContainEqual(
      expect.objectContaining({ personId: first?.personId, messages: 1, tokens: 0 }),
    );
    expect(await quota.spent("2020-01-01")).toEqual([]);
  });
});

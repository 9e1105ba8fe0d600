/** Who was handed over to a person: what is passed on, who answers, how it ends, and what a crash does in between. */
import { afterAll, beforeAll, describe, it, vi } from "vitest";
import type { AuditEntry } from "../../src/core/audit-record.ts";
import { type DeskAnswer, HANDOVER_MS } from "../../src/core/handover.ts";
import { newId, type PersonId, type SessionKey, type TurnId } from "../../src/core/ids.ts";
import type { Role } from "../../src/core/roles.ts";
import { openAudit } from "../../src/do/audit/audit-client.ts";
import { forgetDirectory, openDirectory } from "../../src/do/directory/directory-client.ts";
import { Agent, Anna, Customer, findListed, openDesk } from "../support/desk.ts";
import { env, messageRequest } from "../support/integration.ts";
import { ScriptedModel, until } from "../support/scripted-model.ts";

const PASSED_ON =
  "I pass on what you write; a person will answer you here. /cancel brings me back.";
const BACK = "From here on the assistant answers you again.";

const model = new ScriptedModel();
let staff: ReadonlyMap<Role, PersonId>;
const agent = (role: Role) => new Agent(staff, role);

beforeAll(async () => {
  vi.stubGlobal("fetch", model.fetch);
  // One that calls tools by itself is asked once for each message.
  model.capabilities = ["completion", "tools"];
  staff = await openDesk();
});
afterAll(() => {
  vi.unstubAllGlobals();
});

async function entriesOf(personId: PersonId): Promise<[string, string | null, unknown][]> {
  const entries: AuditEntry[] = await openAudit(env).entriesBefore(
    Number.MAX_SAFE_INTEGER,
    100,
    "handover.",
  );
  return entries
    .toReversed()
    .filter(({ user_id, subject_id }) => [user_id, subject_id].includes(personId))
    .map(({ action_type, user_id, metadata }) => [action_type, user_id, metadata]);
}

describe("somebody who was handed over", () => {
  it("speaks to a person and not to the model, until the person gives him back", async ({
    expect,
  }) => {
    const anna = new Customer();
    const operator = agent("operator");
    const number = await anna.isHandedOver();
    await agent("owner").isTold(`\`/reply ${number} <text>\` answers`);
    expect(await anna.hears("Hello?\n# Anybody *there*?")).toBe(PASSED_ON);
    await agent("owner").isTold(`**#${number} An\\*na\\*:** Hello?  \n\\# Anybody \\*there\\*?`);
    expect(await anna.hears("Still here.")).toBe("");
    expect(await operator.does("/waiting")).toMatch(
      new RegExp(`- \\*\\*#${number}\\*\\* .*\\(web, help\\), `),
    );

    const long = `I come **at once**. ${"a".repeat(600)}`;
    expect(await operator.does(`/reply ${number} ${long}`)).toBe(`Sent to #${number}.`);
    await anna.heard(long);
    expect(await anna.hears("Thank you!")).toBe("");
    await operator.isTold(`**#${number} An\\*na\\*:** Thank you\\!`);

    expect(await operator.does(`/done #${number} Good night.`)).toBe(
      `#${number} has the assistant again.`,
    );
    await anna.heard(`Good night.\n\n${BACK}`);
    const asked = await anna.write("what now?");
    await model.answer("now we talk");
    expect(await anna.replyTo(asked)).toMatchObject({ text: "now we talk" });
    expect(await operator.does(`/reply ${number} hello`)).toBe(
      `There is no #${number}, or not any more. /waiting lists who is there.`,
    );
    await until(async () => (await anna.sql("SELECT 1 FROM ended_handovers")).length === 0);
    expect(await findListed(number)).toBeUndefined();
    expect(await entriesOf(anna.personId)).toEqual([
      ["handover.began", anna.personId, { number, flow: "help" }],
      ["handover.taken", operator.personId, { number }],
      ["handover.ended", operator.personId, { number, why: "given_back" }],
    ]);
    const tolds = (await operator.texts()).filter((text) => text.includes("Still here."));
    expect(tolds).toEqual([]);
  });

  it("is passed on and answered once, through kills of both conversations", async ({ expect }) => {
    const anna = new Customer();
    const owner = agent("owner");
    const number = await anna.isHandedOver();
    const asked = await anna.write("Is it you?");
    await anna.kill();
    expect(await anna.replyTo(asked)).toMatchObject({ text: PASSED_ON });
    await owner.isTold(`**#${number} An\\*na\\*:** Is it you?`);
    const request = await owner.sayAs(
      { personId: owner.personId, role: "owner" },
      `/reply ${number} Yes.`,
    );
    await owner.kill();
    expect(await owner.replyTo(request)).toMatchObject({ text: `Sent to #${number}.` });
    await anna.kill();
    await anna.heard("Yes.");
    const count = (texts: string[], text: string) =>
      texts.filter((one) => one.includes(text)).length;
    expect(count(await anna.texts(), "Yes.")).toBe(1);
    expect(count(await owner.texts(), "Is it you?")).toBe(1);
    await until(async () => {
      const rows = await anna.sql("SELECT DISTINCT state FROM outbox");
      return rows.length === 1 && rows[0]?.state === "sent";
    });
  });

  it("is told each word of the desk once, however often it is brought", async ({ expect }) => {
    const anna = new Customer();
    await anna.isHandedOver();
    const [{ id } = {}] = await anna.sql("SELECT id FROM handovers");
    const by = { personId: agent("owner").personId, session: "web:main:desk" as SessionKey };
    const word = (text: string, isLast: boolean): DeskAnswer => ({
      handoverId: id as TurnId,
      turnId: newId<TurnId>(),
      text,
      isLast,
      by,
    });
    const [first, last, late] = [word("one", false), word("two", true), word("three", false)];
    for (const answer of [first, first, last, last, first])
      expect(await anna.calls.answerHandover(answer)).toEqual({ status: "taken" });
    expect(await anna.calls.answerHandover(late)).toEqual({ status: "over" });
    const texts = await anna.texts();
    expect(texts.slice(-2)).toEqual(["one", `two\n\n${BACK}`]);
    expect(texts.filter((text) => text === "one")).toHaveLength(1);
  });

  it("has the assistant again when nobody answers in time, and both hear of it", async ({
    expect,
  }) => {
    const anna = new Customer();
    const owner = agent("owner");
    const number = await anna.isHandedOver();
    const [{ at_ms, next_at_ms } = {}] = await anna.sql("SELECT at_ms, next_at_ms FROM handovers");
    expect(Number(next_at_ms) - Number(at_ms)).toBe(HANDOVER_MS);
    await until(async () => (await anna.alarmAtMs()) === next_at_ms);
    await anna.sql("UPDATE handovers SET next_at_ms = 1");
    await anna.kill();
    await anna.hears("/whoami");
    await anna.heard(
      "Nobody has answered for 72 hours, I am sorry. From here on the assistant answers you again.",
    );
    await owner.isTold(`**#${number}** waited too long, and has the assistant again.`);
    await until(async () => (await findListed(number)) === undefined);
    expect((await entriesOf(anna.personId)).at(-1)).toEqual([
      "handover.ended",
      null,
      { number, why: "timed_out" },
    ]);
  });

  it("begins its time anew with each word of the desk", async ({ expect }) => {
    const anna = new Customer();
    const number = await anna.isHandedOver();
    await anna.sql("UPDATE handovers SET at_ms = 5, next_at_ms = 5 + 600000000000000");
    await anna.kill();
    await agent("admin").does(`/reply ${number} Soon.`);
    const [row] = await anna.sql("SELECT next_at_ms - at_ms AS ms, at_ms FROM handovers");
    expect(row?.ms).toBe(HANDOVER_MS);
    expect(Number(row?.at_ms)).toBeGreaterThan(5);
  });

  it("leaves by /cancel, and the person hears of it", async ({ expect }) => {
    const anna = new Customer();
    const operator = agent("operator");
    const number = await anna.isHandedOver();
    await operator.does(`/reply ${number} Yes?`);
    expect(await anna.hears("/cancel")).toBe(
      "All right, the assistant answers you again. The person is told.",
    );
    await operator.isTold(`**#${number}** has gone back to the assistant.`);
    const asked = await anna.write("so?");
    await model.answer("so it is");
    expect(await anna.replyTo(asked)).toMatchObject({ text: "so it is" });
    expect(await anna.hears("/cancel")).toBe("There is no dialogue to leave.");
  });

  it("leaves by /forget, with everything that the form said", async ({ expect }) => {
    const anna = new Customer();
    const number = await anna.isHandedOver();
    await anna.hears("/forget yes");
    expect(await anna.sql("SELECT * FROM handovers")).toEqual([]);
    await until(async () => (await findListed(number)) === undefined);
    expect((await entriesOf(anna.personId)).at(-1)?.[2]).toEqual({ number, why: "left" });
  });

  it("begins no other flow meanwhile, and other commands work", async ({ expect }) => {
    const anna = new Customer();
    await anna.isHandedOver();
    expect(await anna.hears("/flow help")).toBe(
      "A person is to answer you. /cancel brings me back, and then you can begin that.",
    );
    expect(await anna.hears("/flow nothing")).toMatch(/^I know no dialogue/);
    expect(await anna.hears("a person please")).toBe(PASSED_ON);
    expect(await anna.hears("/whoami")).toMatch(/^You are/);
  });

  it("is one person: another one in the group has the model, and the answer names whom it means", async ({
    expect,
  }) => {
    const anna = new Customer();
    const write = async (personId: PersonId, text: string) => {
      const request = messageRequest(text, { conversation: anna.conversation });
      if (request.event.kind !== "message") throw new Error("no message");
      const conversation = { id: anna.conversation, kind: "group" as const };
      request.event.message.conversation = conversation;
      request.event.message.target = { conversation };
      Object.assign(request, { speaker: { ...request.speaker, ...Anna, personId } });
      await anna.calls.accept(request);
      return request;
    };
    for (const text of ["a person please", "it leaks"])
      await anna.replyTo(await write(anna.personId, text));
    const other = await write("other" as PersonId, "what is the time?");
    await model.answer("noon");
    expect(await anna.replyTo(other)).toMatchObject({ text: "noon" });
    await until(async () => (await anna.numbers()).length === 1);
    const [number] = await anna.numbers();
    await agent("operator").does(`/reply ${number} I come.`);
    await anna.heard("An\\*na\\*: I come.");
  });

  it("is erased here and in the list of all", async ({ expect }) => {
    const anna = new Customer();
    const number = await anna.isHandedOver();
    await openDirectory(env).erasePerson([anna.personId]);
    expect(await findListed(number)).toBeUndefined();
    const calls = anna.calls as unknown as {
      erasePerson(people: readonly PersonId[]): Promise<unknown>; // of the object, and no part of what routes call
    };
    await calls.erasePerson([anna.personId]);
    expect(await anna.sql("SELECT * FROM handovers")).toEqual([]);
    expect(await anna.sql("SELECT * FROM ended_handovers")).toEqual([]);
  });

  it("leaves nothing readable on disk", async ({ expect }) => {
    const anna = new Customer();
    await anna.isHandedOver();
    const [row] = await anna.sql("SELECT hex(body) AS hex FROM handovers");
    const hex = (text: string) =>
      Array.from(new TextEncoder().encode(text), (byte) => byte.toString(16)).join("");
    for (const text of ["roof", "An*na*"])
      expect(String(row?.hex).toLowerCase()).not.toContain(hex(text));
  });
});

describe("who answers", () => {
  it.for(["auditor", "member", "guest"] as const)("is no %s", async (role, { expect }) => {
    const anna = new Customer();
    const number = await anna.isHandedOver();
    const somebody = agent(role);
    for (const name of ["waiting", "reply", "done"])
      expect(await somebody.does(`/${name} ${number} hello`)).toMatch(
        `Your role does not allow /${name}.`,
      );
    expect(await anna.numbers()).toEqual([number]);
    expect((await findListed(number))?.answeredBy).toBeNull();
  });

  it("is told no more once he may not any more: then the owner is", async ({ expect }) => {
    const anna = new Customer();
    const admin = agent("admin");
    const number = await anna.isHandedOver();
    await admin.does(`/reply ${number} Yes?`);
    await openDirectory(env).changePerson(
      admin.personId,
      { what: "role", role: "member" },
      "owner",
    );
    forgetDirectory();
    await anna.hears("A secret.");
    await agent("owner").isTold("A secret.");
    expect((await admin.texts()).filter((text) => text.includes("A secret."))).toEqual([]);
    await openDirectory(env).changePerson(admin.personId, { what: "role", role: "admin" }, "owner");
    forgetDirectory();
  });
});

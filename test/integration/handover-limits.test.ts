/** How many hand-overs there are at most, and what becomes of one that cannot be worked on or is lost. */
import { runInDurableObject } from "cloudflare:test";
import { afterAll, beforeAll, describe, it, vi } from "vitest";
import type { PersonId, SessionKey, TurnId } from "../../src/core/ids.ts";
import type { Role } from "../../src/core/roles.ts";
import { openDirectory } from "../../src/do/directory/directory-client.ts";
import { MAX_ENDED_HANDOVERS, MAX_OPEN_HANDOVERS } from "../../src/do/directory/handovers.ts";
import { openKeyring } from "../../src/do/isolate.ts";
import { Handovers, MAX_HANDOVERS } from "../../src/do/session/handovers.ts";
import { openSessionSchema } from "../../src/do/session/session-schema.ts";
import { Agent, Customer, findListed, openDesk } from "../support/desk.ts";
import { createDirectory, sql } from "../support/directory.ts";
import { env, messageRequest } from "../support/integration.ts";
import { ScriptedModel, until } from "../support/scripted-model.ts";

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

describe("hand-overs", () => {
  it(`are ${MAX_OPEN_HANDOVERS} at most: who comes then goes on with the model, and is told so`, async ({
    expect,
  }) => {
    const directory = openDirectory(env);
    await sql(
      directory,
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${MAX_OPEN_HANDOVERS})
       INSERT INTO handovers (id, session, person_id, flow, opened_at_ms) SELECT 'full-' || i, 'web:main:x', 'x', 'help', 1 FROM n`,
    );
    const anna = new Customer();
    await anna.hears("a person please");
    await anna.hears("The roof leaks.");
    await anna.heard("Too many wait for a person just now. Until then the assistant answers you.");
    await agent("owner").isTold(`conversation ${anna.conversation}).\n\n- It: The roof leaks.`);
    expect(await anna.sql("SELECT * FROM handovers")).toEqual([]);
    await sql(directory, "DELETE FROM handovers WHERE id LIKE 'full-%'");
    const asked = await anna.write("so?");
    await model.answer("we talk");
    expect(await anna.replyTo(asked)).toMatchObject({ text: "we talk" });
  });

  it(`are ${MAX_HANDOVERS} at most in one conversation`, async ({ expect }) => {
    const anna = new Customer();
    await anna.sql(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${MAX_HANDOVERS})
       INSERT INTO handovers (id, person_id, flow, number, at_ms, next_at_ms, body) SELECT 'h' || i, 'q' || i, 'help', i, 1, 9e15, zeroblob(40) FROM n`,
    );
    await anna.kill();
    await anna.hears("a person please");
    expect(await anna.hears("The roof leaks.")).toBe("Somebody answers.\n\n- It: The roof leaks.");
    await agent("owner").isTold(`conversation ${anna.conversation}).\n\n- It: The roof leaks.`);
    expect(await anna.sql("SELECT count(*) AS n FROM handovers")).toEqual([{ n: MAX_HANDOVERS }]);
  });

  it("that ended while it was worked on is not looked at again", async ({ expect }) => {
    const stub = env.SESSION.getByName(`test:main:${crypto.randomUUID()}`);
    const keyring = await openKeyring(env);
    await runInDurableObject(stub, (_instance, { storage }) => {
      openSessionSchema(storage);
      const handovers = new Handovers(storage.sql, keyring, "web:main:c" as SessionKey);
      const [id, personId] = ["t1" as TurnId, "p1" as PersonId];
      handovers.begin({ id, personId, flow: "help" }, new Uint8Array(40), 5);
      const row = handovers.find(personId);
      if (!row) throw new Error("not begun");
      handovers.end(personId, "left", personId);
      handovers.defer(row, 100);
      expect(handovers.has(personId)).toBe(false);
      expect(handovers.dueAtMs()).toBe(0);
      expect(handovers.nextEnded()).toEqual({ id, personId, end: "left", by: personId });
      handovers.drop(id);
      expect(handovers.dueAtMs()).toBeUndefined();
    });
  });

  it("that cannot be opened (keys are away) are looked at later, and let go at last", async ({
    expect,
  }) => {
    const anna = new Customer();
    const number = await anna.isHandedOver();
    await anna.sql("UPDATE handovers SET body = zeroblob(40), next_at_ms = 1");
    await anna.kill();
    await anna.hears("/whoami");
    await until(async () => {
      const [row] = await anna.sql("SELECT next_at_ms FROM handovers");
      return Number(row?.next_at_ms) > Date.now();
    });
    await anna.sql("UPDATE handovers SET at_ms = 1, next_at_ms = 1");
    await anna.kill();
    await anna.hears("/whoami");
    await until(async () => (await findListed(number)) === undefined);
    expect((await anna.texts()).filter((text) => text.includes("72 hours"))).toEqual([]);
  });

  it("have one number however often they are told of, and the ended are known for a while", async ({
    expect,
  }) => {
    const directory = createDirectory();
    const handover = (id: string) => ({
      id: id as TurnId,
      session: "web:main:x" as SessionKey,
      personId: "p" as PersonId,
      flow: "help",
    });
    expect(await directory.openHandover(handover("a"))).toEqual({ status: "opened", number: 1 });
    expect(await directory.openHandover(handover("a"))).toEqual({ status: "opened", number: 1 });
    for (let index = 0; index <= MAX_ENDED_HANDOVERS; index += 1) {
      await directory.openHandover(handover(`b${index}`));
      const id = `b${index}` as TurnId;
      await directory.closeHandover({ id, end: "left", by: null });
      await directory.closeHandover({ id, end: "given_back", by: null });
    }
    const nobody = { userId: null, ip: null };
    expect(await directory.takeHandover(2, nobody)).toBeUndefined();
    expect(await directory.takeHandover(3, nobody)).toEqual({ id: "b1", session: "web:main:x" });
    expect(await sql(directory, "SELECT count(*) AS n FROM handovers")).toEqual([
      { n: MAX_ENDED_HANDOVERS + 1 },
    ]);
    expect((await directory.handovers()).map(({ number }) => number)).toEqual([1]);
  });

  it("that no conversation knows any more are listed no longer once somebody answers", async ({
    expect,
  }) => {
    const anna = new Customer();
    const number = await anna.isHandedOver();
    await runInDurableObject(
      env.SESSION.getByName(messageRequest("", { conversation: anna.conversation }).session),
      (_instance, { storage }) => storage.sql.exec("DELETE FROM handovers").toArray(),
    );
    expect(await findListed(number)).toBeDefined();
    expect(await agent("operator").does(`/reply ${number} hello`)).toMatch(/^There is no/);
    expect(await findListed(number)).toBeUndefined();
  });
});

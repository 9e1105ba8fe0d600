import { afterEach, beforeEach, describe, it } from "vitest";
import type { GateState } from "../../../src/core/gate-protocol.ts";
import type { Model } from "../../../src/core/ports.ts";
import { GateDesk } from "../../../src/gate/gate-desk.ts";
import { createGatedModel } from "../../../src/gate/gated-model.ts";
import { type FakeOllama, startFakeOllama } from "../../support/fake-ollama.ts";
import type { FakeChange } from "../../support/fake-ollama-settings.ts";
import { createClient, REQUEST, runChat, until } from "../models/chat-client.ts";

const FREE: GateState = { slots: 1, busy: 0, waiting: 0 };

let fake: FakeOllama;
let desk: GateDesk;
let model: Model;

beforeEach(async () => {
  fake = await startFakeOllama({ tokens: 20 });
  desk = new GateDesk(() => undefined);
  const gate = { openGate: () => desk, slots: 1, nowMs: () => Date.now() };
  model = createGatedModel(createClient(fake.url), gate);
});
afterEach(() => fake.close());

const FAULTS: NonNullable<FakeChange["fault"]>[] = [
  "400",
  "404",
  "429",
  "500",
  "503",
  "memory",
  "reset0",
  "reset",
  "truncate",
  "miderror",
  "remote",
  "badjson",
  "split",
  "emptydone",
  "linger",
];

describe("a model server that fails", () => {
  it.for(FAULTS)("by %s leaves its slot to the next at once", async (fault, { expect }) => {
    fake.control({ fault });
    await runChat(model);
    expect(await desk.state()).toEqual(FREE);
    fake.control({ fault: "none" });
    const next = await runChat(model);
    expect(next.kinds).not.toContain("waiting");
    expect(next.done?.reason).toBe("stop");
  });

  it.for(["stall", "slowheaders"] as const)(
    "by %s, and is hung up on, leaves its slot to the next soon",
    async (fault, { expect }) => {
      await runChat(model);
      fake.control({ fault, at: 3 });
      const hangUp = new AbortController();
      const silent = runChat(model, {}, hangUp.signal);
      await until(() => fake.stats().faults[fault] === 1);
      hangUp.abort();
      await silent;
      fake.control({ fault: "none" });
      expect((await runChat(model)).done?.reason).toBe("stop");
      await expect.poll(() => desk.state()).toEqual(FREE);
    },
  );

  it("fails nobody who waits behind: fifty chats through one slot, a third of them broken", async ({
    expect,
  }) => {
    fake.control({ fault: "reset", rate: 0.3, seed: 7 });
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => runChat(model)));
    const whole = outcomes.filter(({ done }) => done);
    const broken = outcomes.filter(({ code }) => code === "model/broken_stream");
    expect(whole.length + broken.length).toBe(50);
    expect(broken.length).toBeGreaterThan(5);
    expect(await desk.state()).toEqual(FREE);
  });

  it("takes texts for vectors through the same slots", async ({ expect }) => {
    const { signal } = new AbortController();
    const { caller } = REQUEST;
    const asked = { caller, model: "embed", texts: ["tea"] };
    expect((await model.embed(asked, signal)).vectors).toHaveLength(1);
    fake.control({ fault: "stall" });
    const talk = new AbortController();
    const talking = runChat(model, {}, talk.signal);
    await until(() => fake.stats().faults.stall === 1);
    const waiting = model.embed(asked, signal);
    await expect.poll(() => desk.state()).toEqual({ slots: 1, busy: 1, waiting: 1 });
    talk.abort();
    await talking;
    expect((await waiting).vectors).toHaveLength(1);
    const late = new AbortController();
    late.abort(new Error("gone"));
    await expect(model.embed(asked, late.signal)).rejects.toThrow("gone");
    expect(await desk.state()).toEqual(FREE);
  });
});

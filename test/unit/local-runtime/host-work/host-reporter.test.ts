import { describe, it, onTestFinished } from "vitest";
import { HostReporter, REPORT_MS } from "../../../../local-runtime/host-work/host-reporter.ts";
import { CALM_MS } from "../../../../local-runtime/host-work/memory-pressure.ts";
import type { HostChecks } from "../../../../src/core/admin-protocol.ts";
import { startFakeAdmin } from "../../../support/fake-admin.ts";
import { until } from "../../models/chat-client.ts";

const SERVING = {
  type: "host:serving",
  url: "http://127.0.0.1:1",
  generation: 1,
  startMs: 1,
} as const;

async function createReporter() {
  const admin = await startFakeAdmin();
  admin.handle("POST /host", () => ({ status: 200, json: { heard: true } }));
  const world: { free: number | undefined; nowMs: number; checks: HostChecks | undefined } = {
    free: 0.5,
    nowMs: 1_000_000,
    checks: undefined,
  };
  const reporter = new HostReporter({
    adminSocket: admin.socketPath,
    freeShare: () => world.free,
    checks: () => world.checks,
    nowMs: () => world.nowMs,
  });
  onTestFinished(async () => {
    reporter.stop();
    await admin.close();
  });
  const reports = async (count: number) => {
    await until(() => admin.requests.length >= count);
    return admin.requests.map(({ body }) => body);
  };
  return { reporter, world, reports, admin };
}

describe("HostReporter", () => {
  it("reports a start, and then only that time has passed", async ({ expect }) => {
    const { reporter, world, reports } = await createReporter();
    reporter.follow(SERVING);
    expect(await reports(1)).toEqual([{ isStart: true }]);
    world.nowMs += REPORT_MS - 1;
    reporter.tick();
    world.nowMs += 1;
    reporter.tick();
    expect(await reports(2)).toEqual([{ isStart: true }, { isStart: false }]);
  });

  it("says what the daily work came to, at once where that is new", async ({ expect }) => {
    const { reporter, world, reports } = await createReporter();
    reporter.tell();
    reporter.follow(SERVING);
    await reports(1);
    world.checks = { integrity: { checkedAtMs: 5, databases: 3, broken: 1 } };
    reporter.tell();
    expect(await reports(2)).toEqual([{ isStart: true }, { isStart: false, checks: world.checks }]);
  });

  it("reports at once when memory runs short, and when it is back", async ({ expect }) => {
    const { reporter, world, reports } = await createReporter();
    reporter.follow(SERVING);
    await reports(1);
    world.free = 0.149;
    reporter.tick();
    expect((await reports(2)).at(-1)).toEqual({ isStart: false, freePercent: 14 });
    world.free = 0.9;
    reporter.tick();
    world.nowMs += CALM_MS;
    reporter.tick();
    expect((await reports(3)).at(-1)).toEqual({ isStart: false });
  });

  it("tells a workerd that was started again what the last one knew", async ({ expect }) => {
    const { reporter, world, reports } = await createReporter();
    world.free = 0.05;
    reporter.follow(SERVING);
    await reports(1);
    reporter.follow({ type: "host:restarting", reason: "it ended", delayMs: 0 });
    reporter.follow(SERVING);
    expect((await reports(2)).at(-1)).toEqual({ isStart: true, freePercent: 5 });
  });

  it("goes on after a server that did not listen, and lets go of a slow one", async ({
    expect,
  }) => {
    const { reporter, world, reports, admin } = await createReporter();
    let hungUp = false;
    admin.handle("POST /host", (_request, response) => {
      response.once("close", () => {
        hungUp = true;
      });
      return undefined;
    });
    reporter.follow(SERVING);
    await reports(1);
    reporter.follow({ type: "host:stopping" });
    await until(() => hungUp);
    world.nowMs += REPORT_MS;
    expect(await reports(1)).toHaveLength(1);
  });
});

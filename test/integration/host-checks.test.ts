/** What becomes of the host's daily checks: figures, the audit log, and a word to the owner, once each. */
import { createExecutionContext } from "cloudflare:test";
import { describe, it } from "vitest";
import { metricsApp } from "../../src/app.ts";
import { encodeSessionKey } from "../../src/core/ids.ts";
import { openAudit } from "../../src/do/audit/audit-client.ts";
import { openDirectory } from "../../src/do/directory/directory-client.ts";
import { checkGauges, decideMatters, hearChecks } from "../../src/do/hear-checks.ts";
import { callSession } from "../../src/do/session/session-client.ts";
import { env } from "../support/integration.ts";

async function notices(): Promise<string[]> {
  const owner = await openDirectory(env).ensureOwner();
  const session = encodeSessionKey({ channel: "web", account: "main", conversation: owner.id });
  const { result } = await callSession(env, session, (stub) => stub.history(undefined, 50));
  return result.messages.map(({ text }) => text);
}

async function audited(action: string): Promise<unknown[]> {
  const entries = await openAudit(env).entriesBefore(Number.MAX_SAFE_INTEGER, 100, action);
  return entries.map(({ metadata }) => metadata);
}

function gauge(name: string): number | undefined {
  return checkGauges().find((item) => item.name === name)?.value;
}

describe("the host's daily checks", () => {
  it("tell the owner of a damaged database, and the audit log, once for each check", async ({
    expect,
  }) => {
    const checks = { integrity: { checkedAtMs: 1_700_000_000_000, databases: 12, broken: 1 } };
    await hearChecks(env, checks);
    await hearChecks(env, checks);
    const told = (await notices()).filter((text) => text.includes("is damaged"));
    expect(told).toEqual([expect.stringContaining("found 1 of 12 that are not whole")]);
    expect(await audited("integrity.failed")).toEqual([{ broken: 1, databases: 12 }]);
    expect(gauge("rockpool_integrity_broken_databases")).toBe(1);
    expect(gauge("rockpool_integrity_checked_timestamp_seconds")).toBe(1_700_000_000);
  });

  it("tell the owner that no backup is made, once until one was made again", async ({ expect }) => {
    const failed = (triedAtMs: number, succeededAtMs?: number) => ({
      backup: {
        triedAtMs,
        failureCode: "store/unavailable",
        ...(succeededAtMs === undefined ? {} : { succeededAtMs }),
      },
    });
    const told = async () =>
      (await notices()).filter((text) => text.includes("not being backed up")).length;
    await hearChecks(env, failed(1_000));
    await hearChecks(env, failed(2_000));
    expect(await told()).toBe(1);
    expect(gauge("rockpool_backup_failing")).toBe(1);
    await hearChecks(env, { backup: { triedAtMs: 3_000, succeededAtMs: 3_000 } });
    expect(gauge("rockpool_backup_failing")).toBe(0);
    expect(gauge("rockpool_backup_success_timestamp_seconds")).toBe(3);
    expect(await audited("backup.made")).toHaveLength(1);
    await hearChecks(env, failed(4_000, 3_000));
    expect(await told()).toBe(2);
    expect(await audited("backup.made")).toHaveLength(1);
  });

  it("leave a restore in the audit log, which came back from before it", async ({ expect }) => {
    const restored = { restoredAtMs: Date.UTC(2026, 0, 2), createdAtMs: Date.UTC(2026, 0, 1) };
    await hearChecks(env, { restored });
    await hearChecks(env, { restored });
    expect(await audited("backup.restored")).toEqual([{ backupOf: "2026-01-01T00:00:00.000Z" }]);
  });

  it("are figures for an alarm, and take no box out of service", async ({ expect }) => {
    await hearChecks(env, {
      integrity: { checkedAtMs: 5_000, databases: 3, broken: 1 },
      backup: { triedAtMs: 9_000, succeededAtMs: 4_000, failureCode: "store/unavailable" },
    });
    const get = (path: string) =>
      metricsApp.request(`http://metrics${path}`, {}, env, createExecutionContext());
    expect((await get("/readyz")).status).toBe(200);
    const lines = (await (await get("/metrics")).text()).split("\n");
    expect(lines).toEqual(
      expect.arrayContaining([
        "rockpool_integrity_broken_databases 1",
        "rockpool_integrity_checked_timestamp_seconds 5",
        "rockpool_backup_failing 1",
        "rockpool_backup_success_timestamp_seconds 4",
      ]),
    );
  });

  it("say nothing where all is well", ({ expect }) => {
    expect(decideMatters({ integrity: { checkedAtMs: 1, databases: 3, broken: 0 } })).toEqual([]);
    expect(decideMatters({})).toEqual([]);
  });
});

/** `rockpool audit`, against a server that answers like the admin socket. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, it } from "vitest";
import * as audit from "../../../../local-runtime/commands/audit.ts";
import { renderCheckpoint } from "../../../../src/core/audit-record.ts";
import { type FakeAdmin, problem, startFakeAdmin } from "../../../support/fake-admin.ts";
import { runCommand } from "../../../support/run-command.ts";
import { SignedLog } from "../../../support/signed-log.ts";

afterEach(() => {
  process.exitCode = undefined;
});

function serveExport(admin: FakeAdmin, bytes: Buffer): void {
  admin.handle("GET /audit/export", (_request, response) => {
    response.writeHead(200, { "content-type": "application/x-ndjson" });
    response.end(bytes);
    return undefined;
  });
}

const log = new SignedLog()
  .add({ userId: "u1", ip: "192.0.2.7", metadata: { name: "laptop" } })
  .add({ subjectId: "u2", personal: { senderName: "A\u001b[2Jda" } });

describe("rockpool audit", () => {
  it("lists entries, and lets no name move the cursor", async ({ expect }) => {
    await using admin = await startFakeAdmin();
    admin.handle("GET /audit?limit=50&action=apikey.", () => ({
      status: 200,
      json: log.entries.toReversed(),
    }));
    const listed = await runCommand(audit, ["list", "--action", "apikey."], admin.dataDir);
    expect(listed.printed.split("\n")).toEqual([
      "NO  TIME                           ACTION          BY  FROM       DETAILS",
      "2   2026-11-21T10:00:00.000+01:00  apikey.created  -   -           of u2 (senderName=A·[2Jda)",
      "1   2026-11-21T10:00:00.000+01:00  apikey.created  u1  192.0.2.7  name=laptop",
    ]);
    await expect(runCommand(audit, ["list", "--limit", "0"], admin.dataDir)).rejects.toMatchObject({
      code: "usage/bad_argument",
      message: "The limit is wrong.",
    });
  });

  it("shows the access log", async ({ expect }) => {
    await using admin = await startFakeAdmin();
    const entry = {
      seq: 1,
      user_id: "u1",
      ip_address: null,
      method: "DELETE",
      route: "/api-keys/:name",
      status: 200,
      timestamp: "2026-11-21T10:00:00.000+01:00",
    };
    admin.handle("GET /audit/access?limit=5", () => ({ status: 200, json: [entry] }));
    const shown = await runCommand(audit, ["access", "--limit", "5"], admin.dataDir);
    expect(shown.printed).toContain("u1  -     DELETE  /api-keys/:name  200");
  });

  it("exports, and verifies the file without a server", async ({ expect }) => {
    await using admin = await startFakeAdmin();
    serveExport(admin, log.export());
    const file = join(admin.dataDir, "f.jsonl");
    await runCommand(audit, ["export", "--out", file], admin.dataDir);
    expect(readFileSync(file)).toEqual(log.export());
    await admin.close();
    const words = ["verify", "--file", file, "--public-key", log.publicKey];
    const verified = await runCommand(audit, words, admin.dataDir);
    expect(verified.printed).toContain("The log is whole.");
    expect(process.exitCode).toBeUndefined();
  });

  it("ends with a status that is not 0 for a changed file", async ({ expect }) => {
    await using admin = await startFakeAdmin();
    const file = join(admin.dataDir, "f.jsonl");
    writeFileSync(file, log.export().toString().replace("laptop", "tablet"));
    const verified = await runCommand(audit, ["verify", "--file", file], admin.dataDir);
    expect(verified.printed).toContain("THE LOG IS NOT WHOLE.");
    expect(verified.printed).toContain("entry 1: The entry was changed");
    expect(process.exitCode).toBe(1);
  });

  it("verifies the live log against a checkpoint that was kept", async ({ expect }) => {
    await using admin = await startFakeAdmin();
    const later = new SignedLog().add().add();
    serveExport(admin, later.export());
    const kept = join(admin.dataDir, "kept.json");
    admin.handle("GET /audit/checkpoint", () => ({ status: 200, json: later.checkpoint() }));
    await runCommand(audit, ["checkpoint", "--out", kept], admin.dataDir);
    expect(readFileSync(kept, "utf8")).toContain(`"length":2`);
    const good = await runCommand(audit, ["verify", "--checkpoint", kept], admin.dataDir);
    expect(good.printed).toContain("It goes on from your checkpoint.");
    writeFileSync(kept, renderCheckpoint(later.add().checkpoint()));
    later.entries.pop();
    await runCommand(audit, ["verify", "--checkpoint", kept], admin.dataDir);
    expect(process.exitCode).toBe(1);
  });

  it("leaves no file of an export that failed", async ({ expect }) => {
    await using admin = await startFakeAdmin();
    admin.handle("GET /audit/export", () => problem("audit/unavailable"));
    const file = join(admin.dataDir, "f.jsonl");
    await expect(runCommand(audit, ["export", "--out", file], admin.dataDir)).rejects.toMatchObject(
      {
        code: "audit/unavailable",
        message: "The audit log could not be written.",
      },
    );
    expect(existsSync(file) || existsSync(`${file}.unfinished`)).toBe(false);
  });

  it("names a key, a checkpoint and a file that are none", async ({ expect }) => {
    await using admin = await startFakeAdmin();
    const run = (...words: string[]) => runCommand(audit, ["verify", ...words], admin.dataDir);
    await expect(run("--public-key", "abc")).rejects.toMatchObject({
      code: "usage/bad_argument",
      message: "The public key is wrong.",
    });
    const file = join(admin.dataDir, "none");
    await expect(run("--checkpoint", file)).rejects.toMatchObject({ code: "audit/unreadable" });
    await expect(run("--file", file)).rejects.toMatchObject({
      code: "audit/unreadable",
      message: `${file} cannot be read (ENOENT).`,
    });
    writeFileSync(file, "{}");
    await expect(run("--checkpoint", file)).rejects.toMatchObject({
      code: "usage/bad_argument",
      message: `${file} is no checkpoint.`,
    });
  });
});

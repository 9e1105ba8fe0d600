/** `rockpool person erase`, against a server that answers like the admin socket. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import * as v from "valibot";
import { describe, it } from "vitest";
import * as person from "../../../../local-runtime/commands/person.ts";
import { ErasureStateSchema, isReceiptSigned } from "../../../../local-runtime/person/receipt.ts";
import type { ErasureReceipt } from "../../../../src/core/erasure.ts";
import type { PersonId } from "../../../../src/core/ids.ts";
import { problem, startFakeAdmin } from "../../../support/fake-admin.ts";
import { runCommand } from "../../../support/run-command.ts";
import { SignedLog } from "../../../support/signed-log.ts";

const ID = "0190a000-0000-7000-8000-000000000001" as PersonId;

const receipt: ErasureReceipt = new SignedLog().receipt({
  kind: "rockpool-erasure",
  version: 1,
  person_id: ID,
  requested_at: "2026-11-21T10:00:00.000+01:00",
  finished_at: "2026-11-21T10:00:04.000+01:00",
  conversations: 2,
  messages: 40,
  files: 1,
  identities: 1,
});

describe("rockpool person erase", () => {
  it("erases only with --yes, waits for the end and keeps the receipt", async ({ expect }) => {
    await using admin = await startFakeAdmin();
    admin.handle("POST /people/Ada/erase", () => ({ status: 202, json: { personId: ID } }));
    const states = [
      { status: "running", step: "find", attempts: 0 },
      { status: "done", receipt },
    ];
    admin.handle(`GET /people/${ID}/erasure`, () => ({ status: 200, json: states.shift() }));
    await expect(runCommand(person, ["erase", "Ada"], admin.dataDir)).rejects.toMatchObject({
      code: "usage/bad_argument",
      message: "This erases everything of the person, and cannot be undone.",
    });
    expect(admin.requests).toEqual([]);
    const file = join(admin.dataDir, "receipt.json");
    const words = ["erase", "Ada", "--yes", "--out", file];
    const { printed } = await runCommand(person, words, admin.dataDir);
    expect(printed).toContain("40 messages in 2 conversations, 1 files, 1 identities");
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(receipt);
  });

  it("says why the owner is not erased", async ({ expect }) => {
    await using admin = await startFakeAdmin();
    admin.handle("POST /people/Olga/erase", () => problem("person/is_owner"));
    await expect(
      runCommand(person, ["erase", "Olga", "--yes"], admin.dataDir),
    ).rejects.toMatchObject({
      code: "person/is_owner",
      message: "The owner of the box cannot be erased.",
    });
  });
});

describe("a receipt", () => {
  it("is signed by the box's key, and any change of it is found", ({ expect }) => {
    expect(isReceiptSigned(receipt, undefined)).toBe(true);
    expect(isReceiptSigned(receipt, receipt.public_key)).toBe(true);
    expect(isReceiptSigned(receipt, "ab".repeat(32))).toBe(false);
    const changes: Partial<ErasureReceipt>[] = [
      { messages: 41 },
      { files: 0 },
      { conversations: 3 },
      { identities: 2 },
      { person_id: "other" as PersonId },
      { requested_at: "2026-11-20T10:00:00.000+01:00" },
      { finished_at: "2026-11-22T10:00:00.000+01:00" },
      { public_key: "ab".repeat(32) },
    ];
    for (const change of changes)
      expect(isReceiptSigned({ ...receipt, ...change }, undefined), JSON.stringify(change)).toBe(
        false,
      );
  });

  it("is read from nothing else", ({ expect }) => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(v.is(ErasureStateSchema, { status: "done", receipt: value })).toBe(false);
      }),
    );
  });
});

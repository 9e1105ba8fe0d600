/** Verifying an export of the audit log: a good one passes, and every change of one is found. */
import fc from "fast-check";
import { describe, it } from "vitest";
import { MAX_FINDINGS, type Trusted } from "../../../../local-runtime/audit/log-verifier.ts";
import { parseCheckpoint, verifyStream } from "../../../../local-runtime/audit/verify-stream.ts";
import { renderCheckpoint } from "../../../../src/core/audit-record.ts";
import { SignedLog } from "../../../support/signed-log.ts";

function verify(bytes: Uint8Array | readonly string[], trusted: Trusted = {}) {
  const whole = bytes instanceof Uint8Array ? bytes : Buffer.from(`${bytes.join("\n")}\n`);
  return verifyStream([whole], trusted);
}

async function codesOf(bytes: Uint8Array | readonly string[], trusted: Trusted = {}) {
  const { ok, findings } = await verify(bytes, trusted);
  return ok ? "ok" : findings.map(({ code }) => code);
}

/** With an entry of each kind: addresses, names, an erased person, pruned ones. */
function createLog(): SignedLog {
  const log = new SignedLog()
    .add({ action: "box.started" })
    .add({ userId: "u1", ip: "192.0.2.7", metadata: { name: "laptop – 电脑", keys: 3, on: true } })
    .add({ userId: "u1", subjectId: "u2", personal: { name: "Ada \ufffd 🦀" } })
    .add({ action: "person.erased", subjectId: "u3" })
    .prune(1)
    .add({ action: "signin.accepted", userId: "u2", ip: "2001:db8::1" });
  return log;
}

/** The value at this place, which is known to be there. */
function at<Value>(list: readonly Value[], index: number): Value {
  const value = list.at(index);
  if (value === undefined) throw new TypeError(`Nothing stands at ${index}.`);
  return value;
}

describe("a good log", () => {
  it("passes, and says what that proves", async ({ expect }) => {
    const log = createLog();
    const report = await verify(log.export(), { publicKey: log.publicKey });
    expect(report).toMatchObject({
      ok: true,
      entries: 5,
      firstSeq: 2,
      lastSeq: 6,
      prunedThroughSeq: 1,
      findings: [],
    });
    expect(report.proved).toContain("It was signed with the key that you gave.");
    const bare = await verify(log.export());
    expect(bare.proved[1]).toMatch(/compare the key/);
    expect(bare.proved[2]).toMatch(/only a checkpoint/);
  });

  it("passes when it comes in pieces of any size, and when it is empty", async ({ expect }) => {
    const bytes = createLog().export();
    for (const size of [1, 7, 1_000]) {
      const pieces: Buffer[] = [];
      for (let start = 0; start < bytes.length; start += size)
        pieces.push(bytes.subarray(start, start + size));
      expect((await verifyStream(pieces)).ok).toBe(true);
    }
    expect(await verify(new SignedLog().export())).toMatchObject({ ok: true, entries: 0 });
  });

  it("passes where a person's name and address are gone and the log says why", async ({
    expect,
  }) => {
    const log = new SignedLog()
      .add({ userId: "u1", ip: "192.0.2.7", personal: { name: "Ada" } })
      .add({ action: "person.erased", subjectId: "u1" });
    log.entries[0] = { ...at(log.entries, 0), ip_address: null, personal: null };
    expect(await verify(log.export())).toMatchObject({ ok: true, erasedValues: 2 });
  });
});

describe("a changed log", () => {
  it("is found out whichever byte is changed, added or taken away", async ({ expect }) => {
    const log = createLog();
    const bytes = log.export();
    const mutation = fc.record({
      at: fc.nat(bytes.length - 1),
      kind: fc.constantFrom("change", "insert", "remove"),
      byte: fc.nat(255),
    });
    await fc.assert(
      fc.asyncProperty(mutation, async ({ at: index, kind, byte }) => {
        const changed = Buffer.concat([
          bytes.subarray(0, index),
          kind === "remove" ? Buffer.alloc(0) : Buffer.from([byte]),
          bytes.subarray(kind === "insert" ? index : index + 1),
        ]);
        fc.pre(!changed.equals(bytes));
        expect((await verify(changed)).ok).toBe(false);
      }),
      { numRuns: 1_500 },
    );
  });

  it("is found out at every single bit", async ({ expect }) => {
    const bytes = new SignedLog()
      .add({ userId: "u1", ip: "::1", personal: { a: "\ufffd" } })
      .export();
    for (let index = 0; index < bytes.length; index += 1)
      for (let bit = 0; bit < 8; bit += 1) {
        const changed = Buffer.from(bytes);
        changed[index] = at([...bytes], index) ^ (1 << bit);
        expect((await verify(changed)).ok, `byte ${index}, bit ${bit}`).toBe(false);
      }
  });

  it("is found out when lines are left out, doubled or put elsewhere", async ({ expect }) => {
    const lines = createLog().lines();
    const place = fc.nat(lines.length - 1);
    await fc.assert(
      fc.asyncProperty(place, place, async (from, to) => {
        const moved = lines.toSpliced(from, 1).toSpliced(to, 0, at(lines, from));
        if (from !== to) expect((await verify(moved)).ok).toBe(false);
        expect((await verify(lines.toSpliced(from, 1))).ok).toBe(false);
        expect((await verify(lines.toSpliced(to, 0, at(lines, from)))).ok).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it("is found out when it is cut off anywhere", async ({ expect }) => {
    const bytes = createLog().export();
    for (let length = 0; length < bytes.length; length += 1)
      expect((await verify(bytes.subarray(0, length))).ok, `${length} bytes`).toBe(false);
  });

  it("says which entry is missing, changed, moved or cut off", async ({ expect }) => {
    const lines = createLog().lines();
    const without = await verify(lines.toSpliced(2, 1));
    expect(without.findings).toEqual([
      { line: 3, seq: 4, code: "missing", message: "Entry 3 is missing." },
    ]);
    const several = await verify(lines.toSpliced(2, 2));
    expect(several.findings[0]?.message).toBe("Entries 3 to 4 are missing.");
    const changed = await verify(lines.with(2, at(lines, 2).replace('"u1"', '"u9"')));
    expect(changed.findings).toEqual([
      {
        line: 3,
        seq: 3,
        code: "changed",
        message: "The entry was changed: it does not fit its hash.",
      },
    ]);
    const named = await verify(lines.with(2, at(lines, 2).replace("Ada", "Eve")));
    expect(named.findings[0]).toMatchObject({ seq: 3, code: "commitment" });
    const swapped = [...lines.slice(0, 2), at(lines, 3), at(lines, 2), ...lines.slice(4)];
    expect(await codesOf(swapped)).toEqual(["missing", "order", "missing"]);
    const cut = await verify([...lines.slice(0, 4), at(lines, -1)]);
    expect(cut.findings).toContainEqual({
      line: 5,
      code: "cut_off",
      message: "The log has 6 entries, and ends here after 4.",
    });
    expect(await codesOf(lines.slice(0, 4))).toEqual(["cut_off", "anchor"]);
    expect(await codesOf([...lines, at(lines, 2)])).toEqual(["after_end"]);
  });

  it("is found out when an honest entry is signed by somebody else", async ({ expect }) => {
    const log = createLog();
    const other = createLog();
    expect(await codesOf(other.export(), { publicKey: log.publicKey })).toContain("key");
    const mixed = [...log.lines().slice(0, -1), at(other.lines(), -1)];
    expect(await codesOf(mixed)).toContain("signature");
  });

  it("is found out when a name is gone and nobody was erased", async ({ expect }) => {
    const log = new SignedLog().add({ userId: "u1", ip: "192.0.2.7" }).add();
    log.entries[0] = { ...at(log.entries, 0), ip_address: null };
    expect(await verify(log.export())).toMatchObject({
      ok: false,
      findings: [{ line: 2, seq: 1, code: "erased" }],
    });
    const nobody = new SignedLog().add({ ip: "192.0.2.7" });
    nobody.entries[0] = { ...at(nobody.entries, 0), ip_address: null };
    expect(await codesOf(nobody.export())).toEqual(["erased"]);
  });

  it("is found out when its beginning is gone and the log does not say so", async ({ expect }) => {
    expect(await codesOf(new SignedLog().add().add().add().pruneUnsaid(1).export())).toEqual([
      "anchor",
    ]);
    const [header = "", , ...rest] = new SignedLog().add().add().lines();
    expect(await codesOf([header, ...rest])).toEqual(["missing"]);
  });

  it("tells a bounded number of findings, and counts them all", async ({ expect }) => {
    const report = await verify(Array.from({ length: 200 }, () => "nonsense"));
    expect(report.findings).toHaveLength(MAX_FINDINGS);
    expect(report.findingCount).toBe(201);
  });

  it("is refused where a line never ends or is no text", async ({ expect }) => {
    expect((await verifyStream([Buffer.alloc(1_000_000, "a"), Buffer.alloc(9, "a")])).ok).toBe(
      false,
    );
    const bytes = Buffer.concat([createLog().export(), Buffer.from([0xff])]);
    expect((await verify(bytes)).findings[0]?.message).toBe(
      "The export holds bytes that are no text.",
    );
  });
});

describe("a checkpoint that was kept elsewhere", () => {
  it("finds a log that was rolled back to an earlier, honestly signed end", async ({ expect }) => {
    const log = createLog();
    const early = log.export();
    const checkpoint = log.add().checkpoint();
    expect(await codesOf(early)).toBe("ok");
    expect(await verify(early, { checkpoint })).toMatchObject({
      ok: false,
      findings: [{ code: "cut_off", message: "The checkpoint knows 7 entries; the log has 6." }],
    });
  });

  it("stays true while the log goes on, and is compared where it stands", async ({ expect }) => {
    const log = createLog();
    const checkpoint = log.checkpoint();
    const report = await verify(log.add().add().export(), { checkpoint });
    expect(report.ok).toBe(true);
    expect(report.proved).toContain("It goes on from your checkpoint.");
    const other = { ...checkpoint, length: checkpoint.length - 1 };
    expect(await codesOf(log.export(), { checkpoint: other })).toEqual([
      "checkpoint",
      "checkpoint",
    ]);
  });

  it("says that it can prove nothing where it is older than what was pruned", async ({
    expect,
  }) => {
    const log = new SignedLog().add();
    const checkpoint = log.checkpoint();
    log.add().add().prune(2);
    const report = await verify(log.export(), { checkpoint });
    expect(report.ok).toBe(true);
    expect(report.proved[2]).toMatch(/from before what was pruned/);
  });

  it("is read from its line, and from no other text", async ({ expect }) => {
    const checkpoint = createLog().checkpoint();
    const line = renderCheckpoint(checkpoint);
    expect(parseCheckpoint(`\n${line}\n`)).toEqual(checkpoint);
    expect(parseCheckpoint(line.replace(":", ": "))).toBeUndefined();
    fc.assert(fc.property(fc.string(), (text) => parseCheckpoint(text) === undefined));
  });
});

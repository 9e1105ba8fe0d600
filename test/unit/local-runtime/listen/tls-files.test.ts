import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, it } from "vitest";
import { checkCertificate } from "../../../../local-runtime/doctor/certificate.ts";
import {
  type CertificateEvent,
  CertificateKeeper,
  EXPIRY_WARNING_MS,
} from "../../../../local-runtime/listen/certificate-keeper.ts";
import { loadTlsMaterial } from "../../../../local-runtime/listen/tls-files.ts";
import { loadOptions } from "../../../../src/config/load.ts";
import { createAuthority } from "../../../support/certificates.ts";

const dir = mkdtempSync(join(tmpdir(), "rockpool-tls-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const authority = createAuthority(dir);
const first = authority.issue("box.example");
const second = authority.issue("box.example", { days: 25 });
const ended = authority.issue("box.example", { days: -3 });

function write(name: string, text: string, mode = 0o600): string {
  const path = join(dir, name);
  writeFileSync(path, text, { mode });
  chmodSync(path, mode);
  return path;
}

describe("the files of a certificate", () => {
  it("are read with the whole chain, and the key in one form", ({ expect }) => {
    const material = loadTlsMaterial({ ...first, clientCas: { api: authority.cert } });
    expect(material.host).toBe("box.example");
    expect(material.chainPem.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(material.keyPem).toMatch(/^-----BEGIN PRIVATE KEY-----/);
    expect(material.clientCaPems.api).toHaveLength(1);
    expect(material.expiresAtMs).toBeGreaterThan(Date.now());
  });

  it.for([
    ["tls/unreadable", { cert: "/nowhere.pem" }, "cannot be read (ENOENT)"],
    ["tls/wrong_key", { key: second.key }, "is not the key of the certificate"],
    ["tls/bad_certificate", { cert: first.key }, "holds no certificate in PEM"],
    ["tls/bad_key", { key: "text" }, "holds no private key in PEM"],
    ["tls/key_open", { key: "open" }, "is open to other users of this machine"],
    ["tls/bad_chain", { cert: "reversed" }, "certificate 2 was not issued by certificate 3"],
    ["tls/unreadable", { cert: "long" }, "is too long"],
    ["tls/bad_certificate", { clientCas: { api: first.key } }, "holds no certificate in PEM"],
  ] as const)("that are wrong are refused by name: %s", ([code, change, message], { expect }) => {
    const made: Record<string, string> = {
      text: write("text.key", "-----BEGIN PRIVATE KEY-----\nbm8=\n-----END PRIVATE KEY-----\n"),
      open: write("open.key", readFileSync(first.key, "utf8"), 0o644),
      reversed: write(
        "reversed.pem",
        readFileSync(first.cert, "utf8") + readFileSync(second.cert, "utf8"),
      ),
      long: write("long.pem", "x".repeat(300_000)),
    };
    const named = Object.fromEntries(
      Object.entries(change).map(([name, value]) => [
        name,
        typeof value === "string" ? (made[value] ?? value) : value,
      ]),
    );
    const load = () => loadTlsMaterial({ ...first, clientCas: {}, ...named });
    expect(load).toThrow(message);
    expect(load).toThrow(expect.objectContaining({ code, exitStatus: 78 }));
  });

  it("may be read by a group, as keys in /etc/ssl/private are", ({ expect }) => {
    const key = write("group.key", readFileSync(first.key, "utf8"), 0o640);
    expect(loadTlsMaterial({ ...first, key, clientCas: {} }).host).toBe("box.example");
  });
});

function keep(nowMs = Date.now()) {
  const cert = write("kept.pem", readFileSync(first.cert, "utf8"));
  const key = write("kept.key", readFileSync(first.key, "utf8"));
  const events: CertificateEvent[] = [];
  let renewals = 0;
  const clock = { nowMs };
  const keeper = new CertificateKeeper({
    paths: { cert, key, clientCas: {} },
    nowMs: () => clock.nowMs,
    onEvent: (event) => events.push(event),
    onRenewed: () => {
      renewals += 1;
    },
  });
  const install = (files: { cert: string; key: string }) => {
    write("kept.pem", readFileSync(files.cert, "utf8"));
    write("kept.key", readFileSync(files.key, "utf8"));
  };
  return { keeper, events, clock, install, cert, renewals: () => renewals };
}

describe("a renewed certificate", () => {
  it("is taken up once it has settled, and only once", ({ expect }) => {
    const { keeper, install, renewals } = keep();
    keeper.look();
    install(second);
    keeper.look();
    expect(renewals()).toBe(0);
    keeper.look();
    keeper.look();
    expect(renewals()).toBe(1);
    expect(keeper.material.expiresAtMs).toBe(
      loadTlsMaterial({ ...second, clientCas: {} }).expiresAtMs,
    );
  });

  it("that is half written is waited for, and said when it stays so", ({ expect }) => {
    const { keeper, events, cert, install, renewals } = keep();
    const before = keeper.material;
    writeFileSync(cert, readFileSync(second.cert));
    keeper.look();
    expect(events).toEqual([]);
    keeper.look();
    expect(events).toMatchObject([
      {
        type: "host:certificate_refused",
        reason: expect.stringContaining("The one before is kept."),
      },
    ]);
    expect(keeper.material).toBe(before);
    install(second);
    keeper.look();
    keeper.look();
    expect(renewals()).toBe(1);
  });

  it("that has ended does not take the place of one that has not", ({ expect }) => {
    const { keeper, events, install, renewals } = keep();
    install(ended);
    keeper.look();
    keeper.look();
    expect(events).toMatchObject([{ reason: expect.stringContaining("has expired") }]);
    expect(renewals()).toBe(0);
  });

  it("that does not come is asked for once a day, from two weeks before the end", ({ expect }) => {
    const { keeper, events, clock } = keep();
    clock.nowMs = keeper.material.expiresAtMs - EXPIRY_WARNING_MS - 1;
    keeper.look();
    expect(events).toEqual([]);
    clock.nowMs += 1;
    keeper.look();
    keeper.look();
    expect(events).toEqual([
      { type: "host:certificate_expires", at: new Date(keeper.material.expiresAtMs).toISOString() },
    ]);
    clock.nowMs += 86_400_000;
    keeper.look();
    expect(events).toHaveLength(2);
  });
});

describe("the doctor", () => {
  function check(env: Record<string, string>, nowMs = Date.now()) {
    const loaded = loadOptions(env);
    if (!loaded.ok) throw new Error("options");
    return checkCertificate(dir, loaded, nowMs);
  }
  const files = { ROCKPOOL_TLS_CERT: first.cert, ROCKPOOL_TLS_KEY: first.key };

  it("looks at a certificate where there is one", ({ expect }) => {
    const { expiresAtMs } = loadTlsMaterial({ ...first, clientCas: {} });
    expect(check({})).toEqual([]);
    expect(check(files)).toMatchObject([
      { result: "ok", detail: expect.stringContaining("box.example, until") },
    ]);
    expect(check(files, expiresAtMs - 3 * 86_400_000)).toMatchObject([
      { result: "warn", detail: expect.stringContaining("it ends in 3 days") },
    ]);
    expect(check(files, expiresAtMs)).toMatchObject([
      { result: "fail", detail: expect.stringContaining("it ended on") },
    ]);
    expect(check({ ...files, ROCKPOOL_TLS_KEY: second.key })).toMatchObject([
      { result: "fail", detail: expect.stringContaining("is not the key") },
    ]);
  });
});

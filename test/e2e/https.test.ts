/** HTTPS straight from workerd: versions, renewal under load, bad certificates, and callers with certificates. */
import { randomUUID } from "node:crypto";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "node:tls";
import { afterAll, beforeAll, describe, it, onTestFinished } from "vitest";
import { type Authority, createAuthority } from "../support/certificates.ts";
import { type FakeOllama, startFakeOllama } from "../support/fake-ollama.ts";
import { callHttps } from "../support/https-call.ts";
import {
  type RockpoolProcess,
  runRockpool,
  startRockpool,
  temporaryFolder,
  until,
} from "../support/rockpool-process.ts";
import { signWebhook } from "../support/signed-webhook.ts";

/** Between two messages of one sender: a renewal then falls among some hundred messages, not thousands. */
const PACE_MS = 150;

const dir = mkdtempSync(join(tmpdir(), "rockpool-https-"));
const cert = join(dir, "live.pem");
const key = join(dir, "live.key");
let authority: Authority;
let ca: string;
let model: FakeOllama;

function install(files: { cert: string; key: string }): void {
  copyFileSync(files.key, key);
  copyFileSync(files.cert, cert);
}

beforeAll(async () => {
  authority = createAuthority(dir);
  ca = readFileSync(authority.cert, "utf8");
  model = await startFakeOllama({ reply: "echo" });
});

afterAll(async () => {
  await model.close();
  rmSync(dir, { recursive: true, force: true });
});

async function start(env: Record<string, string> = {}): Promise<RockpoolProcess> {
  install(authority.issue("localhost"));
  const server = await startRockpool({
    modelUrl: model.url,
    env: { ROCKPOOL_TLS_CERT: cert, ROCKPOOL_TLS_KEY: key, ...env },
  });
  onTestFinished(async () => await server.discard());
  return server;
}

/** The version that a client which knows no other ones agrees on, or why it came to none. */
function agreeOn(url: string, version: "TLSv1.1" | "TLSv1.2" | "TLSv1.3"): Promise<string> {
  const { hostname: host, port } = new URL(url);
  const ciphers = "DEFAULT@SECLEVEL=0";
  return new Promise((resolve) => {
    const socket = connect(
      {
        host,
        port: Number(port),
        servername: "localhost",
        ca,
        ciphers,
        minVersion: version,
        maxVersion: version,
      },
      () => {
        resolve(socket.getProtocol() ?? "none");
        socket.destroy();
      },
    );
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

/** The status of the answer, or why there was none. */
async function postMessage(url: string, secret: string, id: string, query = ""): Promise<string> {
  const seconds = String(Math.floor(Date.now() / 1000));
  const body = JSON.stringify({ conversation: id, user: "ada", text: `hello ${id}` });
  const headers = {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": seconds,
    "webhook-signature": signWebhook(secret, id, seconds, body),
  };
  return await callHttps(`${url}/webhooks/webhook/notes${query}`, {
    ca,
    method: "POST",
    body,
    headers,
  }).then(
    ({ status }) => String(status),
    (error: NodeJS.ErrnoException) => error.code ?? error.message,
  );
}

/** Of the certificate that is served; none while nobody answers. */
async function serialOf(url: string): Promise<string | undefined> {
  return await callHttps(`${url}/healthz`, { ca }).then(
    ({ serial }) => serial,
    () => undefined,
  );
}

describe("https from workerd itself", () => {
  it("speaks TLS 1.3 where the caller can, 1.2 where it must, and nothing older", async ({
    expect,
  }) => {
    const server = await start();
    expect(server.url).toMatch(/^https:\/\/localhost:\d+$/);
    const page = await callHttps(`${server.url}/`, { ca });
    expect(page).toMatchObject({ status: 200, protocol: "TLSv1.3" });
    expect(page.headers["strict-transport-security"]).toBe("max-age=31536000");
    expect(await agreeOn(server.url, "TLSv1.2")).toBe("TLSv1.2");
    expect(await agreeOn(server.url, "TLSv1.1")).toMatch(/^ERR_SSL_.*ALERT|ECONNRESET/);
    const plain = await fetch(server.url.replace("https:", "http:")).then(
      (response) => response.status,
      () => "no answer",
    );
    expect(plain).not.toBe(200);
    expect(
      await runRockpool(["doctor"], {
        ROCKPOOL_DATA: server.dataDir,
        ROCKPOOL_TLS_CERT: cert,
        ROCKPOOL_TLS_KEY: key,
        ROCKPOOL_MODEL_URL: model.url,
      }),
    ).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/ok {4}Certificate: .*localhost.*until/),
    });
  });

  it("takes up a renewed certificate while messages come in, and refuses and loses none", async ({
    expect,
  }) => {
    const server = await start();
    const added = await server.run([
      "channel",
      "add",
      "webhook",
      "--name",
      "notes",
      "--access",
      "open",
      "--json",
    ]);
    const secret = /whsec_[\w+/=-]+/.exec(added.stdout)?.[0] ?? "";
    const before = await callHttps(`${server.url}/healthz`, { ca });
    const accepted: string[] = [];
    const failures: string[] = [];
    let going = true;
    // As platforms do: what was not acknowledged is sent again, under the same id.
    const send = async (): Promise<void> => {
      const id = randomUUID();
      for (let isAccepted = false; !isAccepted; ) {
        const outcome = await postMessage(server.url, secret, id);
        isAccepted = outcome === "202";
        if (!isAccepted) failures.push(outcome);
      }
      accepted.push(id);
      await sleep(PACE_MS);
      if (going) await send();
    };
    const senders = [send(), send(), send()];
    await until(() => accepted.length > 20, "the first messages");
    install(authority.issue("localhost"));
    await until(
      async () => (await serialOf(server.url)) !== before.serial,
      "the renewed certificate",
      30_000,
    );
    const atRenewal = accepted.length;
    await until(() => accepted.length > atRenewal + 20, "messages after it");
    going = false;
    await Promise.all(senders);
    // A connection that was taken and had not yet asked may be hung up on. None is turned away.
    expect(failures.filter((failure) => failure !== "ECONNRESET")).toEqual([]);
    expect(failures.length).toBeLessThanOrEqual(senders.length);
    for (const id of accepted)
      expect(await postMessage(server.url, secret, id, "?wait=1")).toBe("200");
    expect(server.output()).not.toContain("host:restarting");
  });

  it("keeps the certificate where the new one cannot be used, and says so", async ({ expect }) => {
    const server = await start();
    const before = await callHttps(`${server.url}/healthz`, { ca });
    writeFileSync(cert, "-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n");
    await until(() => server.output().includes("host:certificate_refused"), "the refusal", 30_000);
    expect(server.output()).toContain("holds no certificate in PEM. The one before is kept.");
    await server.kill9Workerd();
    const after = await callHttps(`${server.url}/healthz`, { ca });
    expect(after).toMatchObject({ status: 200, serial: before.serial });
  });

  it("does not start with a key that others can read, and says what to do", async ({ expect }) => {
    const files = authority.issue("localhost");
    install(files);
    const open = join(dir, "open.key");
    writeFileSync(open, readFileSync(files.key), { mode: 0o644 });
    const dataDir = temporaryFolder();
    onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
    const env = { ROCKPOOL_DATA: dataDir, ROCKPOOL_TLS_CERT: cert, ROCKPOOL_TLS_KEY: open };
    const { status, stderr } = await runRockpool(["up"], env);
    expect(status).toBe(78);
    expect(stderr).toContain("open to other users of this machine");
    expect(stderr).toContain(`chmod 600 ${open}`);
  });
});

describe("listeners of their own", () => {
  it("take metrics and the API from the main address, and ask programs for a certificate", async ({
    expect,
  }) => {
    const server = await start({
      ROCKPOOL_METRICS_LISTEN: "0",
      ROCKPOOL_API_LISTEN: "127.0.0.1:0",
      ROCKPOOL_API_CLIENT_CA: authority.cert,
    });
    const config = readFileSync(join(server.dataDir, "run", "workerd.capnp"), "utf8");
    const addressOf = (name: string) =>
      `https://localhost:${new RegExp(`\\(name = "${name}", address = "127.0.0.1:(\\d+)"`).exec(config)?.[1]}`;
    const statusOf = async (url: string) => (await callHttps(url, { ca })).status;
    expect(await statusOf(`${server.url}/metrics`)).toBe(404);
    expect(await statusOf(`${server.url}/v1/models`)).toBe(404);
    expect(await statusOf(`${server.url}/healthz`)).toBe(200);
    expect(await statusOf(`${addressOf("metrics")}/metrics`)).toBe(200);
    expect(await statusOf(`${addressOf("metrics")}/`)).toBe(404);
    const api = `${addressOf("api")}/v1/models`;
    const made = await server.run(["apikey", "create", "--name", "program", "--json"]);
    expect(`${JSON.parse(made.stdout).baseUrl}/models`).toBe(api);
    await expect(callHttps(api, { ca })).rejects.toMatchObject({
      code: expect.stringMatching(/CERTIFICATE_REQUIRED|ECONNRESET/),
    });
    const mine = authority.issue("program", { client: true });
    const own = { cert: readFileSync(mine.cert, "utf8"), key: readFileSync(mine.key, "utf8") };
    const known = await callHttps(api, { ca, ...own });
    expect(known.status).toBe(401);
    expect(JSON.parse(known.text).error.code).toBe("invalid_api_key");
    const stranger = createAuthority(dir, "stranger").issue("program", { client: true });
    const other = {
      cert: readFileSync(stranger.cert, "utf8"),
      key: readFileSync(stranger.key, "utf8"),
    };
    await expect(callHttps(api, { ca, ...other })).rejects.toMatchObject({
      code: expect.stringMatching(/ALERT|ECONNRESET|EPIPE/),
    });
  });

  it("let those administrate who have a certificate and a role or a key for it, and nobody else", async ({
    expect,
  }) => {
    const server = await start({
      ROCKPOOL_ADMIN_LISTEN: "0",
      ROCKPOOL_ADMIN_CLIENT_CA: authority.cert,
    });
    const config = readFileSync(join(server.dataDir, "run", "workerd.capnp"), "utf8");
    const port = /name = "administration", address = "127.0.0.1:(\d+)"/.exec(config)?.[1];
    const mine = authority.issue("keeper", { client: true });
    const own = { ca, cert: readFileSync(mine.cert, "utf8"), key: readFileSync(mine.key, "utf8") };
    const url = `https://localhost:${port}`;
    const makeKey = async (name: string, scope: string): Promise<string> => {
      const made = await server.run([
        "apikey",
        "create",
        "--name",
        name,
        "--scopes",
        scope,
        "--json",
      ]);
      return `Bearer ${JSON.parse(made.stdout).key}`;
    };
    const ask = async (path: string, authorization?: string, method = "GET"): Promise<number> => {
      const headers = authorization === undefined ? {} : { authorization };
      return (await callHttps(url + path, { ...own, method, headers })).status;
    };
    const admin = await makeKey("keeper", "admin");
    await expect(callHttps(`${url}/status`, { ca })).rejects.toMatchObject({
      code: expect.stringMatching(/CERTIFICATE_REQUIRED|ECONNRESET/),
    });
    expect(await ask("/status")).toBe(401);
    expect(await ask("/status", admin)).toBe(200);
    expect(await ask("/status", await makeKey("chatter", "chat"))).toBe(403);
    expect(await ask("/status", "Bearer rk_made_up")).toBe(401);
    expect(await ask("/owner-link", admin, "POST")).toBe(403);
    expect((await callHttps(`${server.url}/status`, { ca })).status).toBe(404);
  });
});

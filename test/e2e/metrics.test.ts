/** What machines read of the server: health, metrics and the log, in the forms that their readers expect. */
import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, it } from "vitest";
import { FAKE_TOKEN } from "../support/fake-telegram-updates.ts";
import { until } from "../support/rockpool-process.ts";
import { linesOf, logText, readLog } from "../support/server-log.ts";
import { FAKE_SECRET } from "../support/telegram-account.ts";
import { startTelegramBox, type TelegramBox } from "../support/telegram-box.ts";
import { signInToWeb } from "../support/web-person.ts";

const INSTALL_TIMEOUT_MS = 180_000;
const LEVELS = ["debug", "info", "warn", "error"];

let box: TelegramBox;

beforeAll(async () => {
  box = await startTelegramBox({ start: { env: { ROCKPOOL_LOG: "debug" } } });
  const { telegram, updates } = box;
  for (const text of ["one", "two", "three", "/whoami"]) {
    await box.deliver(updates.text(1_001, `${text} wombat`.replace(/^(\/\w+) .*/, "$1")));
  }
  await telegram.waitUntil(() => telegram.messagesOf(1_001).length === 4);
  const repeated = updates.text(1_001, "a wombat again");
  await box.deliver(repeated, repeated, updates.groupText(-1_002, 1_001, "not for the bot"));
  await telegram.waitUntil(() => telegram.messagesOf(1_001).length === 5);
  box.ollama.control({ fault: "truncate" });
  await box.deliver(updates.text(1_003, "a wombat that gets no answer"));
  await telegram.waitUntil(() => telegram.messagesOf(1_003).length === 1);
  box.ollama.control({ fault: "none" });
});
afterAll(() => box.discard());

/** Every series of the page, by its name and labels. */
async function readMetrics(): Promise<{ text: string; series: Map<string, number> }> {
  const response = await fetch(`${box.rockpool.url}/metrics`);
  if (!response.headers.get("content-type")?.startsWith("text/plain; version=0.0.4"))
    throw new Error(`metrics as ${response.headers.get("content-type")}`);
  const text = await response.text();
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const series = lines.map((line): [string, number] => {
    const at = line.lastIndexOf(" ");
    return [line.slice(0, at), Number(line.slice(at + 1))];
  });
  return { text, series: new Map(series) };
}

/** Why there is no promtool; undefined where there is one now. Debian's package is installed where that is allowed. */
function findPromtool(): string | undefined {
  const isThere = () => spawnSync("promtool", ["--version"]).status === 0;
  if (isThere()) return undefined;
  if (process.getuid?.() !== 0) return "promtool is missing, and only root may install it";
  const words = ["install", "-y", "--no-install-recommends", "prometheus"];
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const installed = spawnSync("apt-get", words, { env, timeout: INSTALL_TIMEOUT_MS });
  return isThere() ? undefined : `promtool cannot be installed: ${installed.stderr}`;
}

describe("/healthz and /readyz", () => {
  it("say that the process answers, and that it can work", async ({ expect }) => {
    const health = await fetch(`${box.rockpool.url}/healthz`);
    expect(health.status).toBe(200);
    expect(await health.json()).toMatchObject({ status: "ok", version: expect.any(String) });
    const ready = await fetch(`${box.rockpool.url}/readyz`);
    expect(ready.status).toBe(200);
    expect(await ready.json()).toEqual({
      status: "ready",
      checks: [
        { name: "database", ok: true },
        { name: "directory", ok: true },
        { name: "storage", ok: true },
      ],
    });
  });
});

describe("/metrics", () => {
  it("counts what happened", async ({ expect }) => {
    await until(
      () => linesOf(box.rockpool.dataDir, "journal:flushed").length > 0,
      "the first log rows",
    );
    const { series } = await readMetrics();
    const expected = {
      'rockpool_turns_total{channel="telegram",outcome="answered"}': 4,
      'rockpool_turns_total{channel="telegram",outcome="command"}': 1,
      'rockpool_turns_total{channel="telegram",outcome="failed"}': 1,
      'rockpool_inbound_events_total{channel="telegram",outcome="accepted"}': 6,
      'rockpool_inbound_events_total{channel="telegram",outcome="duplicate"}': 1,
      'rockpool_inbound_events_total{channel="telegram",outcome="denied"}': 1,
      'rockpool_http_requests_total{route="/webhooks",status="200"}': 8,
      'rockpool_outbox_sends_total{channel="telegram",result="sent"}': 6,
      rockpool_turn_seconds_count: 6,
      'rockpool_turn_seconds_bucket{le="+Inf"}': 6,
      rockpool_people: 1 + 1,
      rockpool_pending_pairings: 0,
      rockpool_model_server_up: 1,
    };
    const found = Object.keys(expected).map((name) => [name, series.get(name)]);
    expect(Object.fromEntries(found)).toEqual(expected);
    expect(series.get("rockpool_model_prompt_tokens_total")).toBeGreaterThan(0);
    expect(series.get("rockpool_journal_rows_total")).toBeGreaterThan(0);
  });

  it("passes Prometheus' own check", { timeout: INSTALL_TIMEOUT_MS }, async ({ expect, skip }) => {
    const missing = findPromtool();
    skip(missing !== undefined, missing);
    const { text } = await readMetrics();
    const checked = spawnSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" });
    expect(checked.stdout + checked.stderr).toBe("");
    expect(checked.status).toBe(0);
  });

  it("says nothing of who wrote and what", async ({ expect }) => {
    const { text } = await readMetrics();
    for (const word of ["wombat", "1001", "Person", FAKE_TOKEN, FAKE_SECRET])
      expect(text).not.toContain(word);
  });
});

describe("the log", () => {
  it("is a line of JSON for each thing that happens, with its time and level", async ({
    expect,
  }) => {
    const lines = readLog(box.rockpool.dataDir);
    expect(lines.length).toBeGreaterThan(20);
    for (const line of lines) {
      expect(new Date(String(line.time)).toISOString()).toBe(line.time);
      expect(LEVELS).toContain(line.level);
      expect(line.type).toMatch(/^[a-z_]+(:[a-z_]+)?$/);
    }
  });

  it("has one line for each request, which the answer names", async ({ expect }) => {
    const { dataDir, url } = box.rockpool;
    const health = await fetch(`${url}/healthz`);
    const requestId = health.headers.get("x-request-id");
    const refused = await box.post("{}", { secret: "wrong" });
    const { instance } = (await refused.json()) as { instance: string }; // a problem, by RFC 9457
    await until(() => linesOf(dataDir, "request", { requestId: instance }).length > 0, "the line");
    expect(linesOf(dataDir, "request", { requestId })).toMatchObject([
      { level: "info", method: "GET", route: "/healthz", status: 200, ms: expect.any(Number) },
    ]);
    expect(linesOf(dataDir, "request", { requestId: instance })).toMatchObject([
      { method: "POST", route: "/webhooks", status: 401, code: "webhook/bad_signature" },
    ]);
    const ids = linesOf(dataDir, "request").map((line) => line.requestId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("has one line for the end of each turn", async ({ expect }) => {
    const turns = linesOf(box.rockpool.dataDir, "turn:finished");
    expect(new Set(turns.map((line) => line.turnId)).size).toBe(turns.length);
    expect(turns.map((line) => line.outcome).toSorted()).toEqual([
      ...["answered", "answered", "answered", "answered", "command", "failed"],
    ]);
    for (const line of turns.filter(({ outcome }) => outcome === "answered"))
      expect(line).toMatchObject({
        level: "info",
        session: "telegram:main:1001",
        model: "chat:8b",
        promptTokens: expect.any(Number),
        outputTokens: expect.any(Number),
        firstTokenMs: expect.any(Number),
        ms: expect.any(Number),
      });
  });

  it("holds no secret and no word of a message, whatever fails", async ({ expect }) => {
    const { telegram, updates, rockpool } = box;
    const { dataDir, ownerLink, url } = rockpool;
    const web = await signInToWeb(ownerLink);
    await web.write("a wombat in the web");
    await web.historyWhen((all) => all.length === 2, "an answer");
    telegram.addFault({ kind: "reset", method: "sendMessage" });
    await box.deliver(updates.text(1_004, "a wombat on a broken line"));
    await until(() => linesOf(dataDir, "outbox:retry").length === 1, "the first retry");
    telegram.addFault({ kind: "garble", method: "sendMessage", status: 200, body: "<wombat>" });
    await until(() => linesOf(dataDir, "outbox:retry").length === 2, "the second retry");
    await box.post('{"text": "half a wombat');
    await fetch(`${url}/api/me`, { headers: { cookie: "rockpool_session=wombat" } });
    await fetch(`${url}/no/wombat?token=wombat`);
    await telegram.waitUntil(() => telegram.messagesOf(1_004).length === 1, 15_000);

    const log = logText(dataDir) + rockpool.output().replace(ownerLink, "");
    const ownerToken = ownerLink.split("#owner=")[1] ?? "?";
    const [, tokenSecret = "?"] = FAKE_TOKEN.split(":");
    for (const word of ["wombat", ownerToken, FAKE_TOKEN, tokenSecret, FAKE_SECRET, "Person 1001"])
      expect(log).not.toContain(word);
  });
});

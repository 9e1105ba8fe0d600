/**
 * In a network of its own: the whole product answers a message of a listed platform, hands out its page, and is made to
 * call elsewhere in every way that a person can. Reports what was called and which names were asked for.
 */
import { rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { callAdmin } from "../../../local-runtime/admin/admin-client.ts";
import { AccountAddedSchema } from "../../../local-runtime/admin/admin-client-replies.ts";
import { startFakeOllama } from "../fake-ollama.ts";
import { startFakeTelegram } from "../fake-telegram.ts";
import { createUpdates, FAKE_TOKEN } from "../fake-telegram-updates.ts";
import { type RockpoolProcess, startRockpool, temporaryFolder } from "../rockpool-process.ts";
import { FAKE_SECRET } from "../telegram-account.ts";
import { startNameServer } from "./name-server.ts";
import { startPacketLog } from "./packets.ts";
import { isolatedArgument, reportResult } from "./run-isolated.ts";

export interface BoxArgument {
  egress: "public" | "listed";
}

export interface BoxResult {
  answered: string;
  page: number;
  script: number;
  /** Code of each refused callback, by its address. */
  callbacks: Record<string, string>;
  /** What was said of each page that somebody asked for. */
  pages: Record<string, string>;
  calls: string[];
  names: string[];
  /** Ports on this machine that belong to the test. */
  ports: { box: number; model: number; telegram: number };
  egress: { waysOut: { kind: string; to: string }[] };
}

export const NAMES = {
  "telegram.example": [["11.0.0.10"]],
  "public.example": [["11.0.0.66"]],
  "private.example": [["10.0.0.5"]],
  "rebind.example": [["11.0.0.66"], ["127.0.0.1"]],
} as const;

const CALLBACKS = [
  "https://public.example/in",
  "https://private.example/in",
  "https://127.0.0.1/in",
];
const PAGES = ["https://public.example/", "https://private.example/", "https://rebind.example/"];

async function main(): Promise<void> {
  const { egress } = isolatedArgument<BoxArgument>();
  const packets = await startPacketLog();
  const names = await startNameServer("11.0.0.53", NAMES);
  const model = await startFakeOllama({ reply: "echo" });
  const telegram = await startFakeTelegram();
  const relay = await relayTo(new URL(telegram.apiBase).port);
  const dataDir = temporaryFolder();
  const env = { ROCKPOOL_EGRESS: egress, ROCKPOOL_WEB_FETCH: "on" };
  const server = await startRockpool({ modelUrl: model.url, dataDir, env });
  await addTelegram(server);
  const updates = createUpdates();
  const sent = await fetch(`${server.url}/webhooks/telegram/main`, {
    method: "POST",
    headers: { "x-telegram-bot-api-secret-token": FAKE_SECRET },
    body: JSON.stringify(updates.text(4_711, "hello")),
  });
  if (sent.status !== 200) throw new Error(`webhook: ${sent.status}`);
  await telegram.waitUntil(() => telegram.callsOf("sendMessage").length > 0, 30_000);
  const result: BoxResult = {
    answered: JSON.stringify(telegram.callsOf("sendMessage")[0]),
    page: await statusOf(`${server.url}/`),
    script: await statusOf(`${server.url}/app.js`),
    callbacks: await tryCallbacks(server),
    pages: await tryPages(server),
    calls: [],
    names: [],
    ports: {
      box: Number(new URL(server.url).port),
      model: Number(new URL(model.url).port),
      telegram: Number(new URL(telegram.apiBase).port),
    },
    egress: JSON.parse((await server.run(["egress", "--json"])).stdout),
  };
  await server.stop();
  await packets.stop();
  reportResult({ ...result, calls: packets.calls(), names: names.asked() });
  relay.close();
  names.close();
  rmSync(dataDir, { recursive: true, force: true });
  await Promise.all([telegram.close(), model.close()]);
}

/** The fake platform listens on loopback; its public address is one of this machine's, too. */
async function relayTo(port: string): Promise<{ close(): void }> {
  const server = createServer((socket) => {
    const inner = connect(Number(port), "127.0.0.1");
    socket.pipe(inner).pipe(socket);
    socket.on("error", () => inner.destroy());
    inner.on("error", () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(8081, "11.0.0.10", resolve));
  return server;
}

async function addTelegram(server: RockpoolProcess): Promise<void> {
  const base = "http://telegram.example:8081";
  const flags = ["--secret", FAKE_SECRET, "--api-base", base, "--access", "open"];
  const words = ["channel", "add", "telegram", "--token", "-", "--transport", "webhook", ...flags];
  const added = await server.run(words, { input: FAKE_TOKEN });
  if (added.status !== 0) throw new Error(`channel add: ${added.stderr}`);
}

/** As somebody would who can reach the admin socket, past the command that allows addresses. */
async function tryCallbacks(server: RockpoolProcess): Promise<Record<string, string>> {
  const results: Record<string, string> = {};
  for (const [index, callback] of CALLBACKS.entries()) {
    const account = {
      channel: "webhook",
      name: `out-${index}`,
      access: "open",
      transport: "webhook",
    };
    const body = { ...account, fields: { callback }, allow: [] };
    const call = { method: "POST", path: "/accounts", body, reply: AccountAddedSchema } as const;
    results[callback] = await callAdmin(server.adminSocket, call).then(
      () => "added",
      (error: { code?: string }) => error.code ?? String(error),
    );
  }
  return results;
}

async function tryPages(server: RockpoolProcess): Promise<Record<string, string>> {
  const results: Record<string, string> = {};
  // The last one twice: the second time its name leads elsewhere.
  for (const [index, url] of [...PAGES, PAGES.at(-1) ?? ""].entries()) {
    const said = await server.run(["say", `/tldr ${url}`]);
    results[`${index} ${url}`] = said.stdout.trim() || said.stderr.trim();
  }
  return results;
}

async function statusOf(url: string): Promise<number> {
  const response = await fetch(url);
  await response.body?.cancel();
  return response.status;
}

await main();
process.exit();

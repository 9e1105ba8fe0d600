/** What a page that is open costs workerd, with thousands of them: streams of the web chat that wait for news. */
import { type ClientRequest, get } from "node:http";
import { DatabaseSync } from "node:sqlite";
import { callAdmin, findServer } from "../../../local-runtime/admin/admin-client.ts";
import { OwnerLinkSchema } from "../../../local-runtime/admin/admin-client-replies.ts";
import { dataFolderAt } from "../../../local-runtime/data-folder.ts";
import { d1File } from "../../../local-runtime/database/d1-file.ts";
import { loadWranglerConfig } from "../../../local-runtime/workerd-config/wrangler-config.ts";
import type { Bench, Box } from "../bench.ts";
import { ROOT } from "../box-plan.ts";
import { atMost, type Figure } from "../figures.ts";
import { runClosedLoop } from "../load.ts";
import { chatRange } from "../messages.ts";
import type { Plan } from "../plan.ts";
import { openFilesLimit, residentBytes } from "../process-figures.ts";
import { WrongMeasurement } from "../wrong-measurement.ts";

const FIRST_READER_CHAT = 10_000;
/** As many as one conversation allows. */
const TABS = 32;
/** workerd opens two for a connection. */
const FILES_PER_CONNECTION = 2;
/** Databases of the objects, and the rest. */
const OTHER_FILES = 3_000;
const OPENED_AT_ONCE = 50;
const OPEN_TIMEOUT_MS = 30_000;

export async function measureConnections(bench: Bench, box: Box, plan: Plan): Promise<Figure[]> {
  const connections = Math.min(plan.connections, allowedConnections());
  const people = Math.ceil(connections / TABS);
  const chats = chatRange(FIRST_READER_CHAT, people);
  await runClosedLoop(box.rockpool, bench.webhooks(bench.messages.make(people, chats)));
  await bench.waitForAnswers();
  await bench.rest(box);
  const cookies = await signIn(bench, box, people);
  // The first stream of each conversation opens its object: that is not what the others cost.
  const first = await openAll(box.url, cookies);
  await bench.rest(box);
  const beforeBytes = residentBytes(box.workerdPid);
  const tabs = Array.from({ length: connections - people }, (_, index) => index % people);
  const opened = await openAll(
    box.url,
    tabs.map((index) => cookies[index] ?? ""),
  );
  await bench.rest(box);
  const bytes = residentBytes(box.workerdPid) - beforeBytes;
  for (const stream of [...first, ...opened]) stream.destroy();
  await bench.rest(box);
  return [
    {
      what: `memory of an open page, ${connections} of them held`,
      value: bytes / 1024 / opened.length,
      unit: "KB",
      target: atMost("value", 100),
    },
  ];
}

/** As many as the machine's limit of open files lets workerd hold. */
function allowedConnections(): number {
  return Math.floor((openFilesLimit() - OTHER_FILES) / FILES_PER_CONNECTION);
}

/** Cookies of the newest people, who come in by a link each. */
async function signIn(bench: Bench, box: Box, count: number): Promise<string[]> {
  const [database] = loadWranglerConfig(ROOT).d1_databases;
  const log = new DatabaseSync(
    d1File(dataFolderAt(bench.dataDir).objects, database?.database_name ?? ""),
    { readOnly: true },
  );
  const rows = log.prepare("SELECT id FROM people ORDER BY id DESC LIMIT ?").all(count);
  log.close();
  if (rows.length < count) throw new WrongMeasurement(`${rows.length} people are known.`);
  const { adminSocket } = findServer(bench.dataDir);
  const cookies: string[] = [];
  for (const { id } of rows) {
    const call = { method: "POST", path: "/sign-ins/links", reply: OwnerLinkSchema } as const;
    const { token } = await callAdmin(adminSocket, { ...call, body: { person: id } });
    cookies.push(await openLink(box.url, token));
  }
  return cookies;
}

async function openLink(url: string, token: string): Promise<string> {
  const response = await fetch(`${url}/api/sign-in`, {
    method: "POST",
    headers: { origin: url, "content-type": "application/json" },
    body: JSON.stringify({ token }),
  });
  if (response.status !== 204)
    throw new WrongMeasurement(`POST /api/sign-in: status ${response.status}`);
  return response.headers.getSetCookie()[0]?.split(";")[0] ?? "";
}

async function openAll(url: string, cookies: readonly string[]): Promise<ClientRequest[]> {
  const opened: ClientRequest[] = [];
  const waiting = cookies.values();
  const open = async () => {
    for (const cookie of waiting) opened.push(await openStream(url, cookie));
  };
  await Promise.all(Array.from({ length: OPENED_AT_ONCE }, open));
  return opened;
}

/** Settles when the stream has said that it is up to date. */
function openStream(url: string, cookie: string): Promise<ClientRequest> {
  return new Promise((resolve, reject) => {
    const fail = (what: string) => reject(new WrongMeasurement(`GET /api/chat/stream: ${what}`));
    const options = { agent: false, headers: { cookie }, timeout: OPEN_TIMEOUT_MS } as const;
    const call = get(`${url}/api/chat/stream`, options, (response) => {
      if (response.statusCode !== 200) return fail(`status ${response.statusCode}`);
      response.on("error", () => undefined); // destroyed at the end
      response.on("data", (bytes: Buffer) => {
        if (!bytes.includes('"type":"ready"')) return;
        call.setTimeout(0);
        resolve(call);
      });
    });
    call.on("timeout", () => call.destroy(new Error("no answer in time")));
    call.on("error", (error) => fail(error.message));
  });
}

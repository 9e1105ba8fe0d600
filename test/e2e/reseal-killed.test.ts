/**
 * A box whose keys have become old, killed at random moments while it seals everything anew and moves to a new master
 * key: whatever was cut off, every row opens at its place, once, and the pass comes to its end.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, it } from "vitest";
import { dataFolderAt } from "../../local-runtime/data-folder.ts";
import { loadNextKey } from "../../local-runtime/keys/next-key.ts";
import {
  type RockpoolProcess,
  startRockpool,
  temporaryFolder,
  until,
} from "../support/rockpool-process.ts";
import {
  ageDataKeys,
  BoxKeys,
  type NewRow,
  objectDatabases,
  openSealedRows,
  sessionOf,
  useDatabase,
  writeSealedRow,
} from "../support/sealed-rows.ts";
import { postWebhook } from "../support/signed-webhook.ts";
import { readD1, readDirectory } from "../support/stored-rows.ts";
import { signInToWeb } from "../support/web-person.ts";

const CONVERSATIONS = 6;
/** Of each kind in a conversation: a pass takes several batches, with a rest after each. */
const ROWS = 80;
const KILLS = 8;
const MAX_PAUSE_MS = 900;
const DAY_MS = 24 * 3_600_000;
/** Keys are old after a year, and become so by the month. */
const OLD_MS = 400 * DAY_MS;
const PATIENCE_MS = 90_000;

/** Small, seeded, and good enough to choose moments; the seed is printed with a failure. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const dataDir = temporaryFolder();
let box: RockpoolProcess;
let hook: { path: string; secret: string };

beforeAll(async () => {
  box = await startRockpool({ dataDir });
});
afterAll(() => box.discard());

async function say(index: number, text: string): Promise<number> {
  const message = { id: crypto.randomUUID(), conversation: `c-${index}`, user: `u-${index}`, text };
  const { status } = await postWebhook(box.url + hook.path, hook.secret, message);
  return status;
}

/** One row of each sealed table, of the person who speaks. */
function rowsAt(index: number, personId: string): [table: string, values: NewRow["values"]][] {
  const atMs = Date.now();
  const later = atMs + DAY_MS;
  const id = crypto.randomUUID();
  const message = { role: "user", person_id: personId, channel: "webhook", aside: 1, at_ms: atMs };
  const sent = { account: "webhook:desk", state: "sent", at_ms: atMs };
  const due = { account: "webhook:desk", due_at_ms: later, next_at_ms: later };
  return [
    ["messages", { id, turn_id: id, ...message }],
    ["outbox", { key: id, turn_id: id, ...sent }],
    ["reminders", { turn_id: id, person_id: personId, ...due }],
    ["notices", { id, at_ms: atMs, next_at_ms: later }],
    ["pins", { number: 100 + index, at_ms: atMs }],
    ["files", { id, kind: "file", size_bytes: 1, at_ms: atMs }],
    ["file_chunks", { file_id: "row-0", part: index }],
    ["digests", { turn_id: id, at_ms: atMs }],
    ["digest_parts", { turn_id: "row-0", level: 0, part: index }],
  ];
}

/** Every sealed table of a conversation filled; each fourth row in the envelope of before. */
function fillConversation(path: string, keys: BoxKeys): void {
  useDatabase(path, (database) => {
    const [known] = database.prepare("SELECT person_id FROM messages LIMIT 1").all();
    const personId = String(known?.person_id);
    const personKey = keys.personKeyOf(personId);
    const write = (index: number, table: string, values: NewRow["values"], more?: "definition") => {
      const version = index % 4 === 0 ? 1 : 2;
      const sealed = more ? (["body", more] as const) : (["body"] as const);
      const row = { table, values, sealed, personKey, version } as const;
      const text = JSON.stringify({
        text: `${table} ${index} of ${sessionOf(database)}`,
        media: [],
      });
      writeSealedRow(database, keys, row, text);
    };
    for (let index = 0; index < ROWS; index += 1)
      for (const [table, values] of rowsAt(index, personId)) write(index, table, values);
    const atMs = Date.now();
    write(1, "summary", { through_seq: 1, at_ms: atMs });
    const times = { at_ms: atMs, next_at_ms: atMs + DAY_MS };
    write(0, "handovers", {
      id: `row-${personId}`,
      person_id: personId,
      flow: "contact",
      ...times,
    });
    const dialogue = { flow: "contact", version: 1, at_ms: atMs, due_at_ms: atMs + DAY_MS };
    write(0, "dialogues", { person_id: personId, ...dialogue }, "definition");
  });
}

function fillDirectory(keys: BoxKeys): void {
  const [path = ""] = objectDatabases(dataDir, "directory");
  const { id } = readDirectory(dataDir, "people").find(({ role }) => role === "guest") ?? {};
  const personId = String(id);
  useDatabase(path, (database) => {
    for (let number = 1; number <= ROWS; number += 1) {
      const values = { key: `${personId}|${number}`, person_id: personId, number, at_ms: 1 };
      const personKey = keys.personKeyOf(personId);
      const row = { table: "facts", values, sealed: ["body"], personKey, version: 2 } as const;
      writeSealedRow(database, keys, row, JSON.stringify(`fact ${number}`));
    }
  });
}

/** What opens, by the name of the row. */
function readPlain(): Map<string, string> {
  return new Map(openSealedRows(dataDir).map(({ name, plain }) => [name, plain.toString("hex")]));
}

async function keyStatus(): Promise<Record<string, unknown>> {
  const { stdout, stderr, status } = await box.run(["key", "status", "--json"]);
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** kill -9 of workerd, which the supervisor starts again, or of both. */
async function kill(isBoth: boolean): Promise<void> {
  if (!isBoth) return box.kill9Workerd();
  const { pid, workerdPid } = box;
  process.kill(pid, "SIGKILL");
  process.kill(workerdPid, "SIGKILL");
  await box.stop();
  box = await startRockpool({ dataDir });
}

describe("a box that is killed at random moments while it seals everything anew", () => {
  it("opens every row afterwards, each sealed once under a present key, and says that it is done", {
    timeout: 240_000,
  }, async ({ expect }) => {
    const add = ["channel", "add", "webhook", "--name", "desk", "--access", "open", "--json"];
    const { webhookUrl, generated } = JSON.parse((await box.run(add)).stdout);
    hook = { path: new URL(String(webhookUrl)).pathname, secret: String(generated.secret) };
    expect((await box.run(["flow", "add", "local-runtime/flows/contact.yaml"])).status).toBe(0);
    const owner = await signInToWeb(box.ownerLink);
    const password = { name: "ada", password: "seven pale otters read" };
    expect((await owner.put("/api/me/password", password)).status).toBe(204);
    for (let index = 0; index < CONVERSATIONS; index += 1) await say(index, "/help");
    await until(
      () => readD1(dataDir, "messages").length === 2 * CONVERSATIONS,
      "the log of what was said",
    );
    await box.stop();

    const keys = new BoxKeys(dataDir);
    for (const path of objectDatabases(dataDir, "session")) fillConversation(path, keys);
    fillDirectory(keys);
    const before = readPlain();
    expect(before.size).toBeGreaterThan(CONVERSATIONS * ROWS * 9);
    ageDataKeys(dataDir, OLD_MS);
    box = await startRockpool({ dataDir });

    const seed = Date.now() % 100_000;
    const random = createRandom(seed);
    const moves = [];
    for (let index = 0; index < KILLS; index += 1) {
      const isMoving = random() < 0.5;
      if (isMoving) moves.push(box.run(["key", "rotate", ...(random() < 0.7 ? ["--master"] : [])]));
      expect(await say(index % CONVERSATIONS, `/help ${index}`), `seed ${seed}`).toBeLessThan(300);
      await sleep(random() * MAX_PAUSE_MS);
      await kill(random() < 0.4);
    }
    await Promise.all(moves);
    await until(
      async () => (await keyStatus()).oldMessages === 0,
      `the end of the pass, seed ${seed}`,
      PATIENCE_MS,
    );
    const moved = await box.run(["key", "rotate", "--master"]);
    expect(moved, moved.stderr).toMatchObject({ status: 0 });
    expect((await box.run(["key", "status"])).stdout).toContain("none under old keys");
    await box.stop();

    expect(loadNextKey(dataFolderAt(dataDir))).toBeUndefined();
    const after = readPlain();
    const changed = [...before].filter(([name, plain]) => after.get(name) !== plain);
    expect(changed, `seed ${seed}`).toEqual([]);
    const old = openSealedRows(dataDir).filter(
      ({ version, dataKey }) => version === 1 || dataKey <= keys.newest,
    );
    expect(
      old.map(({ name }) => name),
      `seed ${seed}`,
    ).toEqual([]);
    const logged = readD1(dataDir, "messages");
    expect(logged, `seed ${seed}`).toHaveLength(CONVERSATIONS * (2 + ROWS) + 2 * KILLS);
    const present = new BoxKeys(dataDir);
    for (const { id, session_id: session, body } of logged) {
      const sealed = Buffer.from(String(body), "base64");
      const { plain } = present.open(`messages|${session}|${id}`, sealed);
      expect(after.get(`session ${session} messages.body ${id}`)).toBe(plain.toString("hex"));
    }
  });
});

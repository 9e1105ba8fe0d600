/**
 * The sealed rows of a box that stands still, opened and written with Node's own cryptography and nothing of the Worker's:
 * what this opens is sealed as docs/adr/0016-keys.md and security/envelope.ts say, at its place, and once.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue, type SQLOutputValue } from "node:sqlite";
import { dataFolderAt, listFolder } from "../../local-runtime/data-folder.ts";
import { unwrapKey } from "../../local-runtime/keys/next-key.ts";

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = { 1: 5, 2: 9 } as const;
const NANOSECONDS = 1_000_000n;

type Stored = SQLOutputValue | undefined;
type PlaceOf = (session: string, ...keys: Stored[]) => string;

/** Where the rows of each sealed column are sealed, and what tells them apart. */
const PLACES: Readonly<Record<string, { keys: readonly string[]; place: PlaceOf }>> = {
  "messages.body": { keys: ["id"], place: (s, id) => `messages|${s}|${id}` },
  "outbox.body": { keys: ["key"], place: (s, key) => `outbox|${s}|${key}` },
  "reminders.body": { keys: ["turn_id"], place: (s, turn) => `reminders|${s}|${turn}` },
  "notices.body": { keys: ["id"], place: (s, id) => `notices|${s}|${id}` },
  "handovers.body": { keys: ["id"], place: (s, id) => `handovers|${s}|${id}` },
  "pins.body": { keys: ["number"], place: (s, number) => `pins|${s}|${number}` },
  "summary.body": { keys: ["through_seq"], place: (s, seq) => `summary|${s}|${seq}` },
  "files.body": { keys: ["id"], place: (s, id) => `files|${s}|${id}|name` },
  "file_chunks.body": {
    keys: ["file_id", "part"],
    place: (s, id, part) => `files|${s}|${id}|${part}`,
  },
  "digests.body": { keys: ["turn_id"], place: (s, turn) => `digests|${s}|${turn}|plan` },
  "digest_parts.body": {
    keys: ["turn_id", "level", "part"],
    place: (s, turn, level, part) => `digests|${s}|${turn}|${level}|${part}`,
  },
  "dialogues.body": { keys: ["person_id"], place: (s, id) => `dialogues|${s}|${id}|body` },
  "dialogues.definition": {
    keys: ["person_id"],
    place: (s, id) => `dialogues|${s}|${id}|definition`,
  },
  "facts.body": { keys: ["key"], place: (_, key) => `facts|${key}` },
  "accounts.body": { keys: ["key"], place: (_, key) => `accounts|${key}` },
  "flows.body": { keys: ["name"], place: (_, name) => `flows|${name}` },
  "passwords.body": { keys: ["id"], place: (_, id) => `credentials/passwords/${id}` },
  "sign_keys.body": { keys: ["kid"], place: (_, kid) => `credentials/sign_keys/${kid}` },
  "audit_key.body": { keys: ["public_key"], place: () => "audit|signing key" },
};
/** Never sealed anew: it goes after 180 days. */
const LEFT_OUT = ["audit_log.body"];
const OBJECTS = ["session", "directory", "credentials", "audit"];

export interface SealedRow {
  /** Object, column and keys: no two rows have the same. */
  name: string;
  version: number;
  dataKey: number;
  personKey: number;
  plain: Buffer;
}

/** The databases of all objects of a class. */
export function objectDatabases(dataDir: string, objects: string): string[] {
  const folder = join(dataFolderAt(dataDir).objects, objects);
  return listFolder(folder)
    .filter((name) => name.endsWith(".sqlite") && name !== "metadata.sqlite")
    .map((name) => join(folder, name));
}

export function useDatabase<Value>(path: string, use: (database: DatabaseSync) => Value): Value {
  const database = new DatabaseSync(path);
  try {
    return use(database);
  } finally {
    database.close();
  }
}

function vaultPath(dataDir: string): string {
  const [path] = objectDatabases(dataDir, "vault");
  if (path === undefined) throw new Error("The box has no vault.");
  return path;
}

/** All data keys made so long ago, and the vault's alarm due: what it does once a day it does at the next start. */
export function ageDataKeys(dataDir: string, ms: number): void {
  const dueAt = BigInt(Date.now()) * NANOSECONDS;
  useDatabase(vaultPath(dataDir), (vault) => {
    vault.prepare("UPDATE data_keys SET created_at_ms = created_at_ms - ?").run(ms);
    vault.prepare("UPDATE _cf_METADATA SET value = ? WHERE key = 1").run(dueAt);
  });
  const alarms = join(dataFolderAt(dataDir).objects, "vault", "metadata.sqlite");
  useDatabase(alarms, (metadata) =>
    metadata.prepare("UPDATE _cf_ALARM SET scheduled_time = ?").run(dueAt),
  );
}

export class BoxKeys {
  readonly #dataKeys = new Map<number, Buffer>();
  readonly #people = new Map<number, Buffer>();
  readonly #numbers = new Map<string, number>();

  constructor(dataDir: string) {
    const master = readFileSync(dataFolderAt(dataDir).masterKey);
    useDatabase(vaultPath(dataDir), (vault) => {
      for (const { id, wrapped } of vault.prepare("SELECT id, wrapped FROM data_keys").all())
        this.#dataKeys.set(Number(id), unwrap(wrapped, master));
      const people = vault.prepare("SELECT * FROM person_keys WHERE destroyed_at_ms IS NULL");
      for (const { number, person_id, data_key, wrapped } of people.all()) {
        const by = this.#derived(Number(data_key), "person keys");
        this.#people.set(Number(number), unwrap(wrapped, by));
        this.#numbers.set(String(person_id), Number(number));
      }
    });
  }

  /** The data keys that wrap person keys. */
  get newest(): number {
    return Math.max(...this.#dataKeys.keys());
  }

  personKeyOf(personId: string): number {
    return this.#numbers.get(personId) ?? 0;
  }

  #derived(id: number, info: string): Buffer {
    const key = this.#dataKeys.get(id);
    if (!key) throw new Error(`There is no data key ${id}.`);
    return derive(key, Buffer.alloc(0), info);
  }

  #contentKey(version: number, dataKey: number, personKey: number): Buffer {
    if (version === 1) return this.#dataKeys.get(dataKey) ?? Buffer.alloc(0);
    if (personKey === 0) return this.#derived(dataKey, "box content");
    const person = this.#people.get(personKey);
    if (!person) throw new Error(`There is no person key ${personKey}.`);
    return derive(person, this.#derived(dataKey, "person content"), "content");
  }

  open(place: string, envelope: Buffer): Omit<SealedRow, "name"> {
    const version = envelope.readUInt8(0);
    if (version !== 1 && version !== 2) throw new Error(`${place} is not sealed.`);
    const dataKey = envelope.readUInt32BE(1);
    const personKey = version === 2 ? envelope.readUInt32BE(5) : 0;
    const sealedAt = HEADER_BYTES[version] + NONCE_BYTES;
    const nonce = envelope.subarray(HEADER_BYTES[version], sealedAt);
    const key = this.#contentKey(version, dataKey, personKey);
    const decipher = createDecipheriv("aes-256-gcm", key, nonce);
    decipher.setAAD(Buffer.from(place)).setAuthTag(envelope.subarray(-TAG_BYTES));
    const sealed = envelope.subarray(sealedAt, -TAG_BYTES);
    const plain = Buffer.concat([decipher.update(sealed), decipher.final()]);
    return { version, dataKey, personKey, plain };
  }

  seal(place: string, plain: Buffer, personKey: number, version: 1 | 2): Buffer {
    const header = Buffer.alloc(HEADER_BYTES[version]);
    header.writeUInt8(version);
    header.writeUInt32BE(this.newest, 1);
    if (version === 2) header.writeUInt32BE(personKey, 5);
    const nonce = randomBytes(NONCE_BYTES);
    const key = this.#contentKey(version, this.newest, personKey);
    const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(place));
    const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
    return Buffer.concat([header, nonce, sealed, cipher.getAuthTag()]);
  }
}

function unwrap(wrapped: Stored, by: Buffer): Buffer {
  const key = unwrapKey(Buffer.from(wrapped as Uint8Array).toString("hex"), by); // a BLOB column
  if (!key) throw new Error("A key is wrapped by another one.");
  return key;
}

function derive(key: Buffer, salt: Buffer, info: string): Buffer {
  return Buffer.from(hkdfSync("sha256", key, salt, `rockpool ${info}`, 32));
}

/** The session's own key; nothing for other objects. */
export function sessionOf(database: DatabaseSync): string {
  const meta = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'inbox'").get();
  if (!meta) return "";
  const row = database.prepare("SELECT value FROM meta WHERE name = 'key'").get();
  return row ? String(JSON.parse(String(row.value))) : "";
}

/** `table.column` of every column of sealed bytes. */
function sealedColumns(database: DatabaseSync): string[] {
  return database
    .prepare("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
    .all()
    .flatMap(({ name, sql }) =>
      [...String(sql).matchAll(/\b(body|definition) BLOB/g)].map(
        ([, column]) => `${name}.${column}`,
      ),
    )
    .filter((column) => !LEFT_OUT.includes(column));
}

/** Every sealed row of the box, opened at its place. Throws for one that does not open. */
export function openSealedRows(dataDir: string): SealedRow[] {
  const keys = new BoxKeys(dataDir);
  return OBJECTS.flatMap((objects) =>
    objectDatabases(dataDir, objects).flatMap((path) =>
      useDatabase(path, (database) => openRows(database, keys, objects)),
    ),
  );
}

function openRows(database: DatabaseSync, keys: BoxKeys, objects: string): SealedRow[] {
  const session = sessionOf(database);
  return sealedColumns(database).flatMap((name) => {
    const [table = "", column = ""] = name.split(".");
    const { keys: of, place } = placeOf(name);
    return database
      .prepare(
        `SELECT ${of.join(", ")}, ${column} AS sealed FROM ${table} WHERE ${column} IS NOT NULL`,
      )
      .all()
      .map(({ sealed, ...row }) => {
        const values = of.map((key) => row[key]);
        const envelope = Buffer.from(sealed as Uint8Array); // a BLOB column
        const opened = keys.open(place(session, ...values), envelope);
        return { name: [objects, session, name, ...values].join(" "), ...opened };
      });
  });
}

function placeOf(name: string) {
  const known = PLACES[name];
  if (!known) throw new Error(`Where is ${name} sealed?`);
  return known;
}

export interface NewRow {
  table: string;
  /** What is sealed; of another column than `body` where it says so. */
  sealed: readonly ("body" | "definition")[];
  values: Readonly<Record<string, SQLInputValue>>;
  personKey: number;
  version: 1 | 2;
}

/** A row as the box writes it: each sealed column holds the text, at its place. */
export function writeSealedRow(database: DatabaseSync, keys: BoxKeys, row: NewRow, text: string) {
  const session = sessionOf(database);
  const sealed = row.sealed.map((column) => {
    const { keys: of, place } = placeOf(`${row.table}.${column}`);
    const at = place(session, ...of.map((key) => row.values[key] as SQLOutputValue)); // plain values
    return [column, keys.seal(at, Buffer.from(text), row.personKey, row.version)] as const;
  });
  const all: Record<string, SQLInputValue> = { ...row.values, ...Object.fromEntries(sealed) };
  const names = Object.keys(all);
  const marks = names.map(() => "?").join(", ");
  database
    .prepare(`INSERT INTO ${row.table} (${names.join(", ")}) VALUES (${marks})`)
    .run(...Object.values(all));
}

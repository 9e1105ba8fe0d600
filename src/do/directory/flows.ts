/** The flows of the directory: one definition for each name, sealed, its version rising with each change. */
import type { FlowAdded, FlowShown, FlowSummary } from "../../core/admin-protocol.ts";
import { AppError } from "../../core/errors.ts";
import type { Definition } from "../../flows/definition-schema.ts";
import { foldTriggers } from "../../flows/triggers.ts";
import { type Keyring, openJson, sealJson } from "../../security/keyring.ts";

export const MAX_FLOWS = 50;

interface StoredFlow extends Record<string, SqlStorageValue> {
  name: string;
  version: number;
  changed_at_ms: number;
  body: ArrayBuffer;
}

export interface KnownFlow {
  definition: Definition;
  version: number;
  changedAtMs: number;
}

const place = (name: string) => `flows|${name}`;

export class Flows {
  readonly #sql: SqlStorage;
  readonly #keyring: Keyring;
  readonly #known: Map<string, KnownFlow>;

  private constructor(sql: SqlStorage, keyring: Keyring, known: Map<string, KnownFlow>) {
    this.#sql = sql;
    this.#keyring = keyring;
    this.#known = known;
  }

  static async open(sql: SqlStorage, keyring: Keyring): Promise<Flows> {
    const rows = sql.exec<StoredFlow>("SELECT * FROM flows").toArray();
    const known = await Promise.all(
      rows.map(async ({ name, version, changed_at_ms: changedAtMs, body }) => {
        const definition = await openJson<Definition>(keyring, place(name), new Uint8Array(body));
        return [name, { definition, version, changedAtMs }] as const;
      }),
    );
    return new Flows(sql, keyring, new Map(known));
  }

  find(name: string): KnownFlow | undefined {
    return this.#known.get(name);
  }

  list(): FlowSummary[] {
    return [...this.#known.values()]
      .map(summaryOf)
      .sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  show(name: string): FlowShown | undefined {
    const known = this.#known.get(name);
    return known && { ...summaryOf(known), definition: known.definition };
  }

  /** Dialogues that run go on with the version they began with. Throws flow/refused. */
  async put(definition: Definition, nowMs: number): Promise<FlowAdded> {
    const { flow: name } = definition;
    const sealed = await sealJson(this.#keyring, place(name), definition, "box");
    const before = this.#known.get(name);
    if (before && JSON.stringify(before.definition) === JSON.stringify(definition))
      return { flow: summaryOf(before), change: "unchanged" };
    this.#verifyFits(definition);
    const known = { definition, version: (before?.version ?? 0) + 1, changedAtMs: nowMs };
    this.#sql.exec(
      "INSERT INTO flows (name, version, changed_at_ms, body) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET version = excluded.version, changed_at_ms = excluded.changed_at_ms, body = excluded.body",
      name,
      known.version,
      nowMs,
      sealed,
    );
    this.#known.set(name, known);
    return { flow: summaryOf(known), change: before ? "changed" : "added" };
  }

  #verifyFits(definition: Definition): void {
    const others = this.list().filter(({ name }) => name !== definition.flow);
    if (others.length >= MAX_FLOWS)
      throw new AppError("flow/refused", { detail: `At most ${MAX_FLOWS} flows fit.` });
    const { phrases = [], keywords = [] } = definition;
    const words = new Set(foldTriggers({ phrases, keywords }));
    for (const other of others) {
      const taken = foldTriggers(other).find((word) => words.has(word));
      if (taken !== undefined)
        throw new AppError("flow/refused", {
          detail: `“${taken}” begins the flow ${other.name} already.`,
        });
    }
  }

  /** Throws flow/unknown. */
  remove(name: string): void {
    if (!this.#known.delete(name)) throw new AppError("flow/unknown");
    this.#sql.exec("DELETE FROM flows WHERE name = ?", name);
  }
}

function summaryOf({ definition, version, changedAtMs }: KnownFlow): FlowSummary {
  const { flow: name, title, phrases = [], keywords = [], states } = definition;
  return {
    name,
    version,
    title,
    phrases,
    keywords,
    states: Object.keys(states).length,
    changedAtMs,
  };
}

/**
 * ConnectionObject: one for each account that is polled. Its alarm takes updates from the platform until it is told to
 * stop; the host keeps the object awake, and a crash brings the running alarm back. Where it stands is stored only
 * after the updates are.
 */
import { DurableObject } from "cloudflare:workers";
import { errorCode, isAppError } from "../../core/errors.ts";
import type { AccountKey, SessionKey } from "../../core/ids.ts";
import type { Env } from "../../env.ts";
import { emit } from "../../observability/emit.ts";
import { describeError } from "../../observability/redact.ts";
import { phrase } from "../../phrases/phrase.ts";
import { findRoute, type Route } from "../delivery/routes-out.ts";
import { MAX_QUEUED } from "../session/inbox.ts";
import { type TakenIn, takeIn } from "./intake.ts";
import { tellNow } from "./tell-now.ts";

const FIRST_WAIT_MS = 1_000;
const MAX_WAIT_MS = 60_000;
/** Longest wait that a platform may ask for. */
const MAX_RETRY_AFTER_MS = 3_600_000;
/** A person whose messages find no place is told so this often. */
const REFUSE_EVERY_MS = 60_000;
const MAX_REFUSED = 1_000;
/** The runtime ends an alarm after fifteen minutes: polling goes on in a new one before that. */
const ROUND_MS = 10 * 60_000;

type Full = Extract<TakenIn, { outcome: "full" }>;

export class ConnectionObject extends DurableObject<Env> {
  #round: AbortController | undefined;
  /** Rounds that failed since the last update was taken. */
  #failures = 0;
  /** When a full conversation was told so last. */
  readonly #refusedAtMs = new Map<SessionKey, number>();

  /** Begins to poll, or goes on. An account that the directory does not know (yet) is looked for again and again. */
  async open(key: AccountKey): Promise<void> {
    this.ctx.storage.kv.put("account", key);
    if (!this.#round) await this.ctx.storage.setAlarm(Date.now());
  }

  /** Stops polling and forgets where it stood. */
  async close(): Promise<void> {
    this.#round?.abort();
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
  }

  override async alarm(): Promise<void> {
    const key = this.ctx.storage.kv.get<AccountKey>("account");
    if (key === undefined || this.#round) return;
    const round = new AbortController();
    this.#round = round; // from here on close() is noticed
    const timer = setTimeout(() => round.abort(), ROUND_MS);
    const waitMs = await this.#pollAccount(key, round.signal);
    clearTimeout(timer);
    this.#round = undefined;
    if (this.ctx.storage.kv.get("account") !== undefined)
      await this.ctx.storage.setAlarm(Date.now() + waitMs);
  }

  /** Never throws: the runtime would give a failing alarm up, and with it the account. */
  async #pollAccount(key: AccountKey, signal: AbortSignal): Promise<number> {
    try {
      const route = await findRoute(this.env, key);
      return route ? await this.#poll(route, signal) : MAX_WAIT_MS;
    } catch (error) {
      emit({
        type: "fault",
        where: "connection",
        code: errorCode(error),
        cause: describeError(error),
      });
      return MAX_WAIT_MS;
    }
  }

  /** Polls for one round; returns how long to wait before the next. */
  async #poll(route: Route, signal: AbortSignal): Promise<number> {
    const { account, adapter, io } = route;
    const cursor = {
      load: async () => this.ctx.storage.kv.get<string>("cursor"),
      save: async (value: string) => this.ctx.storage.kv.put("cursor", value),
    };
    emit({
      type: "connection:state",
      channel: account.channel,
      account: account.name,
      state: "open",
    });
    try {
      for await (const payload of adapter.connect?.(account, io, cursor, signal) ?? []) {
        await this.#take(route, payload);
        this.#failures = 0;
      }
      return 0;
    } catch (error) {
      return this.#failed(route, error);
    }
  }

  async #take(route: Route, payload: unknown): Promise<void> {
    const { account, adapter } = route;
    for (const event of adapter.parse(payload, account)) {
      const taken = await takeIn(this.env, route, event);
      emit({
        type: "webhook:received",
        channel: account.channel,
        account: account.name,
        outcome: taken.outcome,
        count: 1,
      });
      if (taken.outcome === "full") await this.#refuse(route, taken);
    }
  }

  /** One full conversation must not keep the others' messages: the person is told, from time to time, and it goes on. */
  async #refuse(route: Route, { session, target, lang }: Full): Promise<void> {
    const nowMs = Date.now();
    if (nowMs - (this.#refusedAtMs.get(session) ?? 0) < REFUSE_EVERY_MS) return;
    const key = `full:${session}:${nowMs}`;
    await tellNow(route, target, phrase(lang, "queueFull", { count: MAX_QUEUED }), key);
    if (this.#refusedAtMs.size >= MAX_REFUSED) this.#refusedAtMs.clear();
    this.#refusedAtMs.set(session, nowMs);
  }

  #failed({ account }: Route, error: unknown): number {
    this.#failures += 1;
    const backoff = Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(this.#failures - 1, 10));
    const asked = (isAppError(error) ? error.retryAfterMs : undefined) ?? 0;
    const waitMs = Math.min(MAX_RETRY_AFTER_MS, Math.max(backoff, asked));
    emit({
      type: "connection:state",
      channel: account.channel,
      account: account.name,
      state: "retry",
      code: errorCode(error),
      waitMs,
    });
    return waitMs;
  }
}

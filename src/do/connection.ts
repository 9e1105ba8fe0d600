/**
 * ConnectionObject: one for each account that is polled. Its alarm takes updates from the platform until it is told to
 * stop; the host keeps the object awake, and a crash brings the running alarm back. Where it stands is stored only after the updates are.
 */
import { DurableObject } from "cloudflare:workers";
import { AppError, errorCode, isAppError } from "../core/errors.ts";
import type { AccountKey } from "../core/ids.ts";
import type { Env } from "../env.ts";
import { emit } from "../observability/emit.ts";
import { describeError } from "../observability/redact.ts";
import { takeIn } from "./intake.ts";
import { findRoute, type Route } from "./routes-out.ts";

const FIRST_WAIT_MS = 1_000;
const MAX_WAIT_MS = 60_000;
/** The runtime ends an alarm after fifteen minutes: polling goes on in a new one before that. */
const ROUND_MS = 10 * 60_000;

export class ConnectionObject extends DurableObject<Env> {
  #round: AbortController | undefined;

  /** Begins to poll, or goes on. */
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
    const waitMs = await this.#pollAccount(key);
    if (this.ctx.storage.kv.get("account") !== undefined)
      await this.ctx.storage.setAlarm(Date.now() + waitMs);
  }

  /** Never throws: the runtime would give a failing alarm up, and with it the account. */
  async #pollAccount(key: AccountKey): Promise<number> {
    try {
      const route = await findRoute(this.env, key);
      return route ? await this.#poll(route) : MAX_WAIT_MS;
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
  async #poll(route: Route): Promise<number> {
    const { account, adapter, io } = route;
    const round = new AbortController();
    this.#round = round;
    const timer = setTimeout(() => round.abort(), ROUND_MS);
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
      for await (const payload of adapter.connect?.(account, io, cursor, round.signal) ?? []) {
        await this.#take(route, payload);
        this.ctx.storage.kv.put("failures", 0);
      }
      return 0;
    } catch (error) {
      return this.#failed(route, error);
    } finally {
      clearTimeout(timer);
      this.#round = undefined;
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
      if (taken.outcome === "full")
        throw new AppError("session/queue_full", { retryAfterMs: taken.retryAfterMs });
    }
  }

  #failed({ account }: Route, error: unknown): number {
    const failures = (this.ctx.storage.kv.get<number>("failures") ?? 0) + 1;
    this.ctx.storage.kv.put("failures", failures);
    const backoff = Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures - 1, 10));
    const waitMs = Math.max(backoff, (isAppError(error) ? error.retryAfterMs : undefined) ?? 0);
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

/**
 * ErasureObject: one for each person who is erased. Its alarm goes through the steps of erasure-steps.ts and keeps each
 * one that is done, so that a kill costs no more than one step twice.
 */
import { DurableObject } from "cloudflare:workers";
import { type AuditActor, auditEvent } from "../../core/audit.ts";
import type { ErasureState } from "../../core/erasure.ts";
import { errorCode } from "../../core/errors.ts";
import type { PersonId } from "../../core/ids.ts";
import type { Env } from "../../env.ts";
import { emit } from "../../observability/emit.ts";
import { describeError } from "../../observability/redact.ts";
import { phrase } from "../../phrases/phrase.ts";
import { recordAudit } from "../audit/audit-client.ts";
import { findRoute } from "../delivery/routes-out.ts";
import { tellNow } from "../intake/tell-now.ts";
import { type ErasureProgress, ErasureRows, type Told } from "./erasure-rows.ts";
import { RUN_STEP } from "./erasure-steps.ts";

const FIRST_WAIT_MS = 1_000;
const MAX_WAIT_MS = 5 * 60_000;
/** The end is told this often where the platform does not answer; the receipt stays in any case. */
const MAX_TELLINGS = 5;

export interface EraseRequest {
  personId: PersonId;
  by: AuditActor;
  /** Where the person asked for it himself: the answer to that is on its way first. */
  told?: Told;
  delayMs?: number;
}

export class ErasureObject extends DurableObject<Env> {
  readonly #rows: ErasureRows;
  #isRunning = false;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#rows = new ErasureRows(ctx.storage);
  }

  /** Begins it, once; a second call changes nothing. Durable when it returns. Throws audit/unavailable. */
  async start({ personId, by, told, delayMs = 0 }: EraseRequest): Promise<void> {
    if (this.#rows.load()) return;
    const event = auditEvent("person.erasing", by, {}, { subjectId: personId });
    await recordAudit(this.env, { ...event, id: `erasing-${personId}` });
    if (this.#rows.load()) return;
    const requestedAtMs = Date.now();
    const begun = { personId, ids: [], step: "close", identities: 0, attempts: 0 } as const;
    this.#rows.keep({ ...begun, ids: [], requestedAtMs, ...(told ? { told } : {}) });
    await this.ctx.storage.setAlarm(requestedAtMs + delayMs);
  }

  state(): ErasureState {
    const progress = this.#rows.load();
    if (!progress) return { status: "none" };
    const { step, attempts, code, receipt } = progress;
    if (step === "done" && receipt) return { status: "done", receipt };
    const running = { status: "running", step: step === "done" ? "receipt" : step } as const;
    return { ...running, attempts, ...(code === undefined ? {} : { code }) };
  }

  override async alarm(): Promise<void> {
    const progress = this.#rows.load();
    if (!progress || this.#isRunning) return;
    this.#isRunning = true;
    try {
      await this.#work(progress);
    } catch (error) {
      await this.#retry(progress, error);
    } finally {
      this.#isRunning = false;
    }
  }

  async #work(progress: ErasureProgress): Promise<void> {
    const deps = { env: this.env, rows: this.#rows, nowMs: () => Date.now() };
    while (progress.step !== "done") {
      const next = await RUN_STEP[progress.step](deps, progress);
      if (typeof next === "object") {
        this.#rows.keep(progress);
        return this.ctx.storage.setAlarm(next.untilMs);
      }
      progress.step = next;
      progress.attempts = 0;
      progress.code = undefined;
      this.#rows.keep(progress);
      // What the next step does must not be there before this one is.
      await this.ctx.storage.sync();
    }
    await this.#tell(progress);
  }

  /** The person's last message from here; where it went is known no more afterwards. */
  async #tell(progress: ErasureProgress): Promise<void> {
    const { told, receipt, attempts, personId } = progress;
    if (!told) return;
    const route = attempts < MAX_TELLINGS ? await findRoute(this.env, told.account) : undefined;
    if (route && receipt) {
      const text = phrase(told.lang, "erased", { messages: receipt.messages, id: personId });
      await tellNow(route, told.target, text, `erased:${personId}`);
    }
    progress.told = undefined;
    this.#rows.keep(progress);
  }

  async #retry(progress: ErasureProgress, error: unknown): Promise<void> {
    const code = errorCode(error);
    emit({ type: "fault", where: `erasure:${progress.step}`, code, cause: describeError(error) });
    const waitMs = Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(progress.attempts, 12));
    this.#rows.keep({ ...progress, attempts: progress.attempts + 1, code });
    await this.ctx.storage.setAlarm(Date.now() + waitMs);
  }
}

/** What the scenarios of one run share: the fakes, the running box, the messages, and the proof that none is lost. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { callAdmin, findServer } from "../../local-runtime/admin/admin-client.ts";
import {
  AccountAddedSchema,
  ApiKeyCreatedSchema,
} from "../../local-runtime/admin/admin-client-replies.ts";
import type { Bundle } from "../../local-runtime/bundle.ts";
import type { AddAccount, CreateApiKey } from "../../src/core/admin-protocol.ts";
import type { FakeChange } from "../support/fake-ollama-settings.ts";
import { FAKE_SECRET } from "../support/telegram-account.ts";
import { boxEnvironment, prepareBox } from "./box-plan.ts";
import type { BoxArgument, BoxState } from "./box-process.ts";
import { findFreePort } from "./free-port.ts";
import { type Call, Caller } from "./load.ts";
import { type Message, MessageMaker } from "./messages.ts";
import { settle } from "./process-figures.ts";
import { Program } from "./program.ts";
import type { AnswerCounts } from "./telegram-process.ts";
import { WrongMeasurement } from "./wrong-measurement.ts";

export const WEBHOOK_PATH = "/webhooks/telegram/main";
/** A box that answers less than so many messages a second is stuck. */
const SLOWEST_TURNS_PER_SECOND = 20;
const LEAST_WAIT_MS = 20_000;

export interface Bundles {
  worker: Bundle;
  /** Paths of the bench's own Workers. */
  history: string;
  gate: string;
  seal: string;
  audit: string;
  erasure: string;
  floor: string;
}

/** A running workerd with Rockpool, and mostly the floor, in it. */
export interface Box {
  workerdPid: number;
  url: string;
  rockpool: Caller;
  floor: Caller;
  stop(): Promise<void>;
}

export class Bench {
  readonly messages = new MessageMaker();
  readonly dataDir: string;
  readonly #bundles: Bundles;
  readonly #telegram: Program;
  readonly #model: Program;
  #telegramAddress = { apiBase: "", token: "" };
  #modelUrl = "";

  constructor(folder: string, bundles: Bundles) {
    this.dataDir = join(folder, "data");
    this.#bundles = bundles;
    this.#telegram = new Program(join(import.meta.dirname, "telegram-process.ts"), null);
    this.#model = new Program(join(import.meta.dirname, "model-process.ts"), null);
  }

  async prepare(): Promise<void> {
    this.#telegramAddress = await this.#telegram.call("address");
    this.#modelUrl = await this.#model.call("url");
    const telegramUrl = this.#telegramAddress.apiBase;
    prepareBox(this.dataDir, { modelUrl: this.#modelUrl, telegramUrl });
  }

  get environment(): Record<string, string> {
    return boxEnvironment(this.dataDir, this.#modelUrl);
  }

  get modelUrl(): string {
    return this.#modelUrl;
  }

  get worker(): Bundle {
    return this.#bundles.worker;
  }

  startBox(inspector?: string): Promise<Box> {
    const { worker, floor } = this.#bundles;
    return this.#start(worker, { file: floor, ...(inspector ? { inspector } : {}) });
  }

  /** The Worker that fills histories, in place of Rockpool. */
  startHistoryFiller(): Promise<Box> {
    return this.#start({ ...this.#bundles.worker, workerFile: this.#bundles.history });
  }

  /** The Worker that plays people in line at the gate, in place of Rockpool. */
  startGatePlayer(): Promise<Box> {
    return this.#start({ ...this.#bundles.worker, workerFile: this.#bundles.gate });
  }

  /** The Worker that seals and opens, in place of Rockpool. */
  startSealer(): Promise<Box> {
    return this.#start({ ...this.#bundles.worker, workerFile: this.#bundles.seal });
  }

  /** The Worker that appends to the audit log, in place of Rockpool. */
  startAuditor(): Promise<Box> {
    return this.#start({ ...this.#bundles.worker, workerFile: this.#bundles.audit });
  }

  /** The Worker that makes a person with a long past, in place of Rockpool. */
  startPersonFiller(): Promise<Box> {
    return this.#start({ ...this.#bundles.worker, workerFile: this.#bundles.erasure });
  }

  async #start(bundle: Bundle, floor?: { file: string; inspector?: string }): Promise<Box> {
    const port = await findFreePort();
    const argument: BoxArgument = {
      dataDir: this.dataDir,
      modelUrl: this.#modelUrl,
      bundle,
      ...(floor ? { floor: { file: floor.file, port } } : {}),
      ...(floor?.inspector ? { inspector: floor.inspector } : {}),
    };
    const program = new Program(join(import.meta.dirname, "box-process.ts"), argument);
    const { url, workerdPid } = await program.call<BoxState>("state");
    const rockpool = new Caller(url, { "x-telegram-bot-api-secret-token": FAKE_SECRET });
    const floorCaller = new Caller(`http://127.0.0.1:${port}`);
    const stop = async () => {
      rockpool.close();
      floorCaller.close();
      await program.stop();
    };
    return { url, workerdPid, rockpool, floor: floorCaller, stop };
  }

  async addAccount(): Promise<void> {
    const { token, apiBase } = this.#telegramAddress;
    const body: AddAccount = {
      channel: "telegram",
      name: "main",
      access: "open",
      transport: "webhook",
      apiBase,
      fields: { token, secret: FAKE_SECRET },
      allow: [],
    };
    const { adminSocket } = findServer(this.dataDir);
    const call = { method: "POST", path: "/accounts", body, reply: AccountAddedSchema } as const;
    await callAdmin(adminSocket, call);
  }

  async createApiKey(): Promise<string> {
    const { adminSocket } = findServer(this.dataDir);
    const body: CreateApiKey = { name: "bench", scopes: ["chat"] };
    const call = { method: "POST", path: "/api-keys", body, reply: ApiKeyCreatedSchema } as const;
    return (await callAdmin(adminSocket, call)).key;
  }

  webhooks(messages: readonly Message[]): Call[] {
    return messages.map(({ body }) => ({ path: WEBHOOK_PATH, body }));
  }

  async controlModel(change: FakeChange): Promise<void> {
    await this.#model.call("control", change);
  }

  async holdModel(hold: boolean): Promise<void> {
    await this.controlModel({ hold });
  }

  heldChats(): Promise<number> {
    return this.#model.call("held");
  }

  /** What the model server took by itself for the chats since this was last asked, in their order. */
  takeModelTimes(): Promise<number[]> {
    return this.#model.call("takeOwnTimes");
  }

  /** By clockMs(), when the answers arrived. */
  arrivals(messages: readonly Message[]): Promise<number[]> {
    const marks = messages.map(({ mark }) => mark);
    return this.#telegram.call("arrivals", marks);
  }

  /** Waits until every message made so far is answered. Throws a WrongMeasurement where one is not, or is twice. */
  async waitForAnswers(): Promise<void> {
    const { made } = this.messages;
    const before = await this.#telegram.call<AnswerCounts>("counts");
    const timeoutMs = LEAST_WAIT_MS + ((made - before.answered) * 1000) / SLOWEST_TURNS_PER_SECOND;
    const wait = { answered: made, timeoutMs };
    await this.#telegram.call("waitFor", wait, timeoutMs + LEAST_WAIT_MS).catch(() => undefined);
    await this.verifyAnswers();
  }

  async verifyAnswers(): Promise<void> {
    const { made } = this.messages;
    const counts = await this.#telegram.call<AnswerCounts>("counts");
    const { answered, repeated, strange } = counts;
    if (answered === made && repeated === 0 && strange.length === 0) return;
    throw new WrongMeasurement(
      `Of ${made} messages ${answered} were answered, and ${repeated} answers came twice. ${strange.join(" | ")}`,
    );
  }

  /** Waits until the box has nothing left to do. */
  async rest(box: Box): Promise<void> {
    await settle(box.workerdPid);
  }

  async close(): Promise<void> {
    await Promise.all([this.#telegram.stop(), this.#model.stop()]);
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

/**
 * What every channel must hold: docs/adding-a-channel.md. One call in a test file runs the suite against an adapter;
 * the parts that a channel does not have are left out of the options.
 */
import { describe, it } from "vitest";
import type { Account, ChannelAdapter, RawRequest } from "../../src/adapters/adapter.ts";
import type { ErrorCode } from "../../src/core/errors.ts";
import type { InboundEvent, Target } from "../../src/core/message.ts";
import { faceContract } from "./face.ts";
import { inboundContract } from "./inbound.ts";
import { outboundContract } from "./outbound.ts";

/** A payload as the platform sends it, and what is to be read from it. */
export interface Fixture {
  title: string;
  /** As verify hands it on. */
  payload: unknown;
  events: InboundEvent[];
}

/** A call whose proof is wrong, around a body that is right. */
export interface Forgery {
  title: string;
  request(body: string): RawRequest | Promise<RawRequest>;
  /** webhook/bad_signature where absent. */
  code?: ErrorCode;
}

export interface InboundOptions {
  /** A genuine webhook call with this body. */
  sign(body: Uint8Array): RawRequest | Promise<RawRequest>;
  forgeries: readonly Forgery[];
  fixtures: readonly Fixture[];
  /** The body that such a payload comes of, where a part of it comes in headers. */
  bodyOf?(payload: unknown): unknown;
}

/** A platform on loopback. */
export interface FakePlatform {
  /** The account, its apiBase or settings pointing at the platform. */
  account: Account;
  /** Text that people see there, oldest first. */
  shown(): string[];
  /** The next call is answered with this status. */
  refuse(status: number, retryAfterSeconds?: number): void;
  /** The next call's connection is cut. */
  reset(): void;
  close(): Promise<void>;
}

export interface OutboundOptions {
  start(): Promise<FakePlatform>;
  target: Target;
  /** Codes by status, where the channel reads one differently from the rest. */
  codes?: Partial<Record<number, ErrorCode>>;
}

export interface ContractOptions {
  adapter: ChannelAdapter;
  /** A whole account, with every secret the channel has. */
  account: Account;
  inbound?: InboundOptions;
  outbound?: OutboundOptions;
}

export function adapterContract(options: ContractOptions): void {
  const { adapter, account, inbound, outbound } = options;
  describe(`the contract of ${adapter.channel}`, () => {
    faceContract(adapter, account);
    if (inbound) inboundContract(adapter, account, inbound);
    if (outbound) outboundContract(adapter, outbound);
    it("is tried with an account of its own channel", ({ expect }) => {
      expect(account.channel).toBe(adapter.channel);
    });
  });
}

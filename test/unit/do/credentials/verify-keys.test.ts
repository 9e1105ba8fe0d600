import { describe, it } from "vitest";
import { ASK_AGAIN_MS, VerifyKeys } from "../../../../src/do/credentials/verify-keys.ts";

const key = (name: string) => ({ name }) as unknown as CryptoKey; // only handed on
const freshKid = () => crypto.randomUUID();

/** Keys that sign, asked for by one isolate; each answer can be held back. */
class TestBox {
  readonly signing = new Map<string, CryptoKey>();
  nowMs = 1_000_000;
  asked = 0;
  hold: Promise<void> | undefined;
  readonly #keys = new VerifyKeys({
    nowMs: () => this.nowMs,
    wait: async (ms) => {
      this.nowMs += ms;
      await new Promise((resolve) => setTimeout(resolve));
    },
  });

  sign(): string {
    const kid = freshKid();
    this.signing.set(kid, key(kid));
    return kid;
  }

  noteSigned(kid: string): void {
    this.#keys.noteSigned(kid);
  }

  find(kid: string): Promise<CryptoKey | undefined> {
    return this.#keys.find(kid, async () => {
      this.asked += 1;
      const listed = [...this.signing];
      await this.hold;
      return listed;
    });
  }
}

describe("keys of access tokens", () => {
  it("are asked for once a second at most while tokens name unknown ones", async ({ expect }) => {
    const box = new TestBox();
    const known = box.sign();
    const seconds = 3;
    for (let call = 0; call < 3_000; call += 1) {
      expect(await box.find(freshKid())).toBeUndefined();
      box.nowMs += (seconds * ASK_AGAIN_MS) / 3_000;
    }
    expect(box.asked).toBe(seconds);
    expect(await box.find(known)).toEqual(key(known));
    expect(box.asked).toBe(seconds);
  });

  it("are asked for once by many calls at the same time, each of which is told", async ({
    expect,
  }) => {
    const box = new TestBox();
    const known = box.sign();
    const { promise, resolve } = Promise.withResolvers<void>();
    box.hold = promise;
    const calls = Array.from({ length: 100 }, () => box.find(known));
    resolve();
    expect(await Promise.all(calls)).toEqual(Array(100).fill(key(known)));
    expect(box.asked).toBe(1);
  });

  it("open at once what a new key has signed here, in the midst of a flood", async ({ expect }) => {
    const box = new TestBox();
    for (let call = 0; call < 10; call += 1) await box.find(freshKid());
    const fresh = box.sign();
    box.noteSigned(fresh);
    expect(await box.find(fresh)).toEqual(key(fresh));
    box.noteSigned(fresh);
    for (let call = 0; call < 10; call += 1) await box.find(freshKid());
    expect(box.asked).toBe(2);
  });

  it("are asked for once more where a key is newer than the answer on its way", async ({
    expect,
  }) => {
    const box = new TestBox();
    const { promise, resolve } = Promise.withResolvers<void>();
    box.hold = promise;
    const forged = box.find(freshKid());
    const fresh = box.sign();
    box.noteSigned(fresh);
    const calls = Array.from({ length: 20 }, () => box.find(fresh));
    resolve();
    expect(await forged).toBeUndefined();
    expect(await Promise.all(calls)).toEqual(Array(20).fill(key(fresh)));
    expect(box.asked).toBe(2);
  });

  it("that another machine signs with are known here within a second", async ({ expect }) => {
    const box = new TestBox();
    await box.find(freshKid());
    const elsewhere = box.sign();
    expect(await box.find(elsewhere)).toBeUndefined();
    box.nowMs += ASK_AGAIN_MS;
    expect(await box.find(elsewhere)).toEqual(key(elsewhere));
  });

  it("are found again after whoever asked was cut off, and after a clock was set back", async ({
    expect,
  }) => {
    const box = new TestBox();
    const known = box.sign();
    box.hold = new Promise(() => undefined);
    void box.find(known);
    box.hold = undefined;
    expect(await box.find(known)).toEqual(key(known));
    const later = box.sign();
    box.nowMs -= 60_000;
    expect(await box.find(later)).toEqual(key(later));
  });

  it("are not asked for by what has not the form of a key's id", async ({ expect }) => {
    const box = new TestBox();
    for (const kid of ["", "x", "a".repeat(37), "__proto__"])
      expect(await box.find(kid)).toBeUndefined();
    expect(box.asked).toBe(0);
  });
});

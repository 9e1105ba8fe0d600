import fc from "fast-check";
import { describe, it } from "vitest";
import { openBoxSecret } from "../../../src/security/box-secret.ts";
import {
  createRefreshToken,
  DEVICE_IDLE_MS,
  decideRenewal,
  MAX_LIVE_TOKENS,
  parseRefreshToken,
  RENEWAL_GRACE_MS,
  type RenewalState,
} from "../../../src/security/refresh-token.ts";

const DEVICE_ID = "0190a000-0000-4000-8000-000000000001";
const SECRET = await openBoxSecret("5e".repeat(32));
const NOW_MS = Date.UTC(2026, 10, 21);
const state: RenewalState = {
  deviceHash: "device",
  live: ["now"],
  previous: ["before"],
  renewedAtMs: NOW_MS,
  expiresAtMs: NOW_MS + DEVICE_IDLE_MS,
};

function decide(tokenHash: string, nowMs = NOW_MS, deviceHash: string | undefined = "device") {
  return decideRenewal(state, { tokenHash, deviceHash, isIssued: false }, nowMs);
}

describe("a refresh token", () => {
  it("says whose it is, and is kept as a hash", async ({ expect }) => {
    const token = await createRefreshToken(SECRET, DEVICE_ID);
    const parsed = await parseRefreshToken(SECRET, token);
    expect(parsed?.deviceId).toBe(DEVICE_ID);
    expect(token).not.toContain(parsed?.hash);
    expect(
      await parseRefreshToken(SECRET, await createRefreshToken(SECRET, DEVICE_ID)),
    ).not.toEqual(parsed);
  });

  it("is known as this box's own, and no other's", async ({ expect }) => {
    const token = await createRefreshToken(SECRET, DEVICE_ID);
    expect(await parseRefreshToken(SECRET, token)).toMatchObject({ isIssued: true });
    const other = await openBoxSecret("0f".repeat(32));
    expect(await parseRefreshToken(other, token)).toMatchObject({ isIssued: false });
    const [, rest = ""] = token.split(".");
    for (const text of [`${DEVICE_ID.replace("1", "2")}.${rest}`, `${DEVICE_ID}.${"A".repeat(43)}`])
      expect(await parseRefreshToken(SECRET, text)).toMatchObject({ isIssued: false });
  });

  it("is none as any other text", async ({ expect }) => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", maxLength: 120 }), async (text) => {
        expect(await parseRefreshToken(SECRET, text)).toBeUndefined();
      }),
    );
    const token = await createRefreshToken(SECRET, DEVICE_ID);
    for (const text of [`${token}x`, token.slice(1), token.replace(".", ":"), `${token}\n`])
      expect(await parseRefreshToken(SECRET, text)).toBeUndefined();
  });
});

describe("what a presented refresh token means", () => {
  it("is a renewal where it is the newest, until the device was away for too long", ({
    expect,
  }) => {
    expect(decide("now")).toBe("renew");
    expect(decide("now", NOW_MS + DEVICE_IDLE_MS - 1)).toBe("renew");
    expect(decide("now", NOW_MS + DEVICE_IDLE_MS)).toBe("expired");
  });

  it("is a repeat within half a minute: a lost answer, or two tabs", ({ expect }) => {
    expect(RENEWAL_GRACE_MS).toBe(30_000);
    expect(decide("before", NOW_MS + RENEWAL_GRACE_MS)).toBe("repeat");
    expect(decide("before", NOW_MS + RENEWAL_GRACE_MS + 1)).toBe("stolen");
  });

  it("is a theft where an old one comes again, also after the clock was set back", ({ expect }) => {
    expect(decide("long before")).toBe("stolen");
    expect(decide("before", NOW_MS - 1)).toBe("repeat");
    expect(decide("before", NOW_MS - 24 * 3_600_000)).toBe("stolen");
  });

  it("is a theft on another device, and nothing where nobody has ever had it", ({ expect }) => {
    expect(decide("now", NOW_MS, "other")).toBe("stolen");
    expect(decide("before", NOW_MS, "other")).toBe("stolen");
    const [deviceHash, isIssued] = [undefined, false];
    expect(decideRenewal(state, { tokenHash: "now", deviceHash, isIssued }, NOW_MS)).toBe("stolen");
    expect(decide("made up", NOW_MS, "other")).toBe("unknown");
    const old = { tokenHash: "long before", deviceHash: "other", isIssued: true };
    expect(decideRenewal(state, old, NOW_MS)).toBe("stolen");
  });

  it("is repeated a bounded number of times", ({ expect }) => {
    const live = Array.from({ length: MAX_LIVE_TOKENS }, (_, index) => `live ${index}`);
    const presented = { tokenHash: "before", deviceHash: "device", isIssued: true };
    expect(decideRenewal({ ...state, live: live.slice(1) }, presented, NOW_MS)).toBe("repeat");
    expect(decideRenewal({ ...state, live }, presented, NOW_MS)).toBe("stolen");
  });
});

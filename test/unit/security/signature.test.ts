import { createHmac, randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, it } from "vitest";
import {
  decodeBase64,
  decodeHex,
  encodeBase64,
  encodeHex,
  MAX_CACHED_KEYS,
  signHmac,
  verifyHmac,
} from "../../../src/security/signature.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("HMAC-SHA-256", () => {
  it("signs as RFC 4231, test case 2, says", async ({ expect }) => {
    const mac = await signHmac(bytes("Jefe"), bytes("what do ya want for nothing?"));
    expect(encodeHex(mac)).toBe("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  });

  it("agrees with another implementation for any key and message", async ({ expect }) => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 200 }),
        fc.uint8Array({ maxLength: 500 }),
        async (key, message) => {
          const theirs = createHmac("sha256", key).update(message).digest();
          expect(encodeHex(await signHmac(key, message))).toBe(theirs.toString("hex"));
          expect(await verifyHmac(key, message, theirs)).toBe(true);
        },
      ),
    );
  });

  it("refuses a signature with any bit turned, any other length, or of another key", async ({
    expect,
  }) => {
    const key = randomBytes(32);
    const message = bytes("hello");
    const mac = await signHmac(key, message);
    for (let bit = 0; bit < mac.length * 8; bit += 1) {
      const turned = mac.slice();
      const index = bit >> 3;
      turned[index] = (turned[index] ?? 0) ^ (1 << (bit & 7));
      expect(await verifyHmac(key, message, turned)).toBe(false);
    }
    expect(await verifyHmac(key, message, mac.slice(0, 31))).toBe(false);
    expect(await verifyHmac(key, message, new Uint8Array())).toBe(false);
    expect(await verifyHmac(key, message, new Uint8Array([...mac, 0]))).toBe(false);
    expect(await verifyHmac(randomBytes(32), message, mac)).toBe(false);
  });

  it("stays right when more keys are used than are kept", async ({ expect }) => {
    const keys = Array.from({ length: MAX_CACHED_KEYS * 2 + 1 }, () => randomBytes(32));
    const message = bytes("hello");
    for (const key of [...keys, ...keys]) {
      const theirs = createHmac("sha256", key).update(message).digest();
      expect(await verifyHmac(key, message, theirs)).toBe(true);
    }
  });
});

describe("text forms of bytes", () => {
  it("come back as they were", ({ expect }) => {
    fc.assert(
      fc.property(fc.uint8Array(), (data) => {
        expect(decodeHex(encodeHex(data))).toEqual(data);
        expect(decodeBase64(encodeBase64(data))).toEqual(data);
        expect(encodeBase64(data)).toBe(Buffer.from(data).toString("base64"));
      }),
    );
  });

  it("are refused where they are of another form", ({ expect }) => {
    for (const text of ["0", "0g", "zz", " 00", "0x00"]) expect(decodeHex(text)).toBeUndefined();
    for (const text of ["A", "AA", "AAA", "A===", "====", "AA-_", "AAA=AAAA", "AA==\n"])
      expect(decodeBase64(text)).toBeUndefined();
  });

  it("never throw, whatever the text", ({ expect }) => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect([decodeHex(text), decodeBase64(text)]).toHaveLength(2);
      }),
    );
  });
});

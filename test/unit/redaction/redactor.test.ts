import fc from "fast-check";
import { describe, it } from "vitest";
import { parseRedactionKinds, REDACTION_KINDS } from "../../../src/core/redaction.ts";
import { isIban, isLuhn } from "../../../src/redaction/cards.ts";
import { isChineseId, isSpanishId } from "../../../src/redaction/identity-numbers.ts";
import { parseOwnPatterns } from "../../../src/redaction/own-patterns.ts";
import { createRedactor } from "../../../src/redaction/redactor.ts";
import { cpuMsOf } from "../../support/cpu-time.ts";

const { mask } = createRedactor(REDACTION_KINDS, []);

/** Numbers that their makers publish for tests, and such as nobody was given. */
const MASKED = {
  "[card]": [
    "4111111111111111",
    "4111 1111 1111 1111",
    "5500-0000-0000-0004",
    "378282246310005",
    "6200000000000005",
    "4222222222222",
    "4111\u00a01111\u00a01111\u00a01111",
    "3782 822463 10005",
    "4111  1111  1111  1111",
    "4111\u20131111\u20131111\u20131111",
    "４１１１ １１１１ １１１１ １１１１",
    "DE89 3704 0044 0532 0130 00",
    "GB82WEST12345698765432",
    "NO9386011117947",
  ],
  "[id number]": [
    "11010519491231002X",
    "440308199901101512",
    "536-22-1234",
    "QQ 12 34 56 C".replace("QQ", "AB"),
    "12345678Z",
    "X-1234567-L",
  ],
  "[phone]": [
    "+1 (415) 555-2671",
    "+86 138 1234 5678",
    "0049 30 1234567",
    "13812345678",
    "138-1234-5678",
    "(415) 555-2671",
    "415-555-2671",
    "030 12345678",
    "0171/2345678",
    "020 7946 0958",
    "010-12345678",
    "07911123456",
    "010－12345678",
    "＋86 138 1234 5678",
    "86-13812345678",
  ],
  "[email]": [
    "ada@example.com",
    "a.b+c@mail.example.co.uk",
    "first_last@sub.example.org",
    "josé@münchen.example",
  ],
  "[secret]": [
    "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "AKIAIOSFODNN7EXAMPLE",
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA",
    "-----BEGIN PRIVATE KEY-----\\nMC4CAQAwBQYDK2VwBCIEIA==\\n-----END PRIVATE KEY-----",
    "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nMHcC\n-----END EC PRIVATE KEY-----",
    "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQdGBGF=\n-----END PGP PRIVATE KEY BLOCK-----",
    "sk_live_abcdefghijklmnop1234",
    "AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ",
  ],
} as const;

/** What only looks private. */
const LEFT = [
  "4111111111111112 has a wrong check digit",
  "at 1763718039000 ms, 2026-11-21 09:40:39.123",
  "01/02/2026, 01-02-2026, 09:40",
  "turn 018f4e2a-7b3c-7d4e-8f5a-1234567890ab",
  "0.4111111111111111",
  "192.168.178.20:11434, 10.0.0.1",
  "1,234,567.89 and 1 000 000",
  "version 2.10.0, qwen3:4b, 5 of 7",
  "110105194912310021 has a wrong check character",
  "000-12-3456, 666-12-3456, 123-00-4567",
  "@ada and ada@localhost",
  "the password is hard to guess, and has 8 characters",
  "密码是6位数字",
  "Unexpected token: end of input, max_token: 4096",
  "https://example.com:8080/@ada/notes",
  "１２ cups － or 3 – 4",
  "pin 4 of 12, a cookie: the recipe",
  "sizes 2 4 6 8 10 12 14 16 18 20 22 24 26",
  "order 12345678A",
  "我有 3 个苹果，2026 年 11 月 21 日",
];

describe("a redactor of all kinds", () => {
  it.for(Object.entries(MASKED).flatMap(([as, texts]) => texts.map((text) => ({ as, text }))))(
    "puts $as in the place of $text",
    ({ as, text }, { expect }) => {
      expect(mask(text)).toBe(as);
      expect(mask(`It is ${text}, I think.`)).toBe(`It is ${as}, I think.`);
      expect(mask(`我的是${text}。`)).toBe(`我的是${as}。`);
    },
  );

  it.for(LEFT)("leaves %s", (text, { expect }) => {
    expect(mask(text)).toBe(text);
  });

  it.for([
    ["password: hunter2-and-more", "password: [secret]"],
    ['"api_key": "abcdef0123"', '"api_key": "[secret]"'],
    ["密码：correcthorse", "密码：[secret]"],
    ["client-secret=abc123", "client-secret=[secret]"],
    ['password = "correct horse battery staple"', 'password = "[secret]"'],
    ['{"password":"a\\"b"}', '{"password":"[secret]"}'],
    ["my password is hunter2!", "my password is [secret]"],
    ["密码是hunter22。", "密码是[secret]。"],
    ["AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG", "AWS_SECRET_ACCESS_KEY=[secret]"],
    ["token=abcdef123456", "token=[secret]"],
    ["The password is: hunter", "The password is: [secret]"],
    ["cvv 123, PIN: 1234", "cvv [secret], PIN: [secret]"],
    ["Set-Cookie: sid=abc123; HttpOnly", "Set-Cookie: [secret]"],
    ["Authorization: Basic YWRhOmh1bnRlcjI=", "Authorization: Basic [token]"],
    ["postgres://ada:hunter2@db.local/x", "postgres://ada:[secret]@db.local/x"],
  ] as const)("keeps the name of what it masks: %s", ([text, masked], { expect }) => {
    expect(mask(text)).toBe(masked);
  });

  it.for([
    ["4111 1111 1111 1111 12/27, code 123", "[card] 12/27, code 123"],
    ["4111111111111111 123", "[card] 123"],
    ["2 times 5 with 2 4111-1111-1111-1111", "2 times 5 with 2 [card]"],
    ["4111 1111 1111 1111 5500 0000 0000 0004 1", "[card] [card] 1"],
    ["name,12/27,4111111111111111,123", "name,12/27,[card],123"],
    ["Card No.4111111111111111", "Card No.[card]"],
    ["BE68 5390 0754 7034 from Ada", "[card] from Ada"],
    ["Tel.0171 2345678, Tel:030 12345678", "Tel.[phone], Tel:[phone]"],
  ] as const)(
    "finds a number beside others, as people write it: %s",
    ([text, masked], { expect }) => {
      expect(mask(text)).toBe(masked);
    },
  );

  it("finds a private text between any words, and nothing twice", ({ expect }) => {
    const words = fc.array(fc.stringMatching(/^[a-z.,!]{0,40}$/), { maxLength: 10 });
    const found = fc.constantFrom(...Object.values(MASKED).flat());
    fc.assert(
      fc.property(words, found, words, (before, text, after) => {
        const masked = mask([...before, "(", text, ")", ...after].join(" "));
        expect(masked).not.toContain(text);
        expect(mask(masked)).toBe(masked);
      }),
    );
  });

  it("does the same twice as once, whatever the text", ({ expect }) => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 2_000 }), (text) => {
        const masked = mask(text);
        expect(mask(masked)).toBe(masked);
      }),
      { numRuns: 2_000 },
    );
  });

  it("takes time in proportion to the text: four times a hostile one costs less than eight times as much", ({
    expect,
  }) => {
    const pieces = [
      "1",
      "1 ",
      "+1",
      "a@",
      "a.",
      "0 1",
      "0123 ",
      "A1",
      "-----BEGIN ",
      "-----BEGIN PRIVATE KEY-----",
      "4111 1111 1111 1111 ",
      "AB12 CDEF ",
      "ab://c:",
      "token: ",
      "password is ",
      "password:",
      "eyJ",
      "sk-",
      "(0",
    ];
    const timeOf = (chars: number) => {
      const texts = pieces.map((piece) => piece.repeat(chars / piece.length));
      return cpuMsOf(() => {
        for (const text of texts) mask(text);
      });
    };
    timeOf(10_000);
    const [small, large] = [timeOf(50_000), timeOf(200_000)];
    expect(large / small).toBeLessThan(8);
  });
});

describe("a redactor of some kinds", () => {
  it("masks those and leaves the others", ({ expect }) => {
    const text = "card 4111111111111111, mail ada@example.com";
    expect(createRedactor(["card"], []).mask(text)).toBe("card [card], mail ada@example.com");
    expect(createRedactor(["email"], []).mask(text)).toBe("card 4111111111111111, mail [email]");
    expect(createRedactor([], []).mask(text)).toBe(text);
  });

  it("is idle where there is nothing to mask", ({ expect }) => {
    expect(createRedactor([], parseOwnPatterns("a = b")).isIdle).toBe(true);
    expect(createRedactor(["own"], []).isIdle).toBe(true);
    expect(createRedactor(["own"], parseOwnPatterns("a = b")).isIdle).toBe(false);
    expect(createRedactor(["card"], []).isIdle).toBe(false);
  });
});

describe("kinds in an option", () => {
  it("are all, none, or a list in any order", ({ expect }) => {
    expect(parseRedactionKinds("all")).toEqual(REDACTION_KINDS);
    expect(parseRedactionKinds("none")).toEqual([]);
    expect(parseRedactionKinds("phone, card")).toEqual(["card", "phone"]);
  });

  it.for(["cards", "card,", "all,card", "card;phone"])("are refused as %s", (text, { expect }) => {
    expect(() => parseRedactionKinds(text)).toThrow(
      "all, none, or some of secret, card, id, phone, email, own are expected",
    );
  });
});

describe("check digits", () => {
  it("tell a number from the same with one digit changed", ({ expect }) => {
    const cases = [
      { isGenuine: isLuhn, text: "4111111111111111" },
      { isGenuine: isIban, text: "DE89370400440532013000" },
      { isGenuine: isChineseId, text: "11010519491231002X" },
      { isGenuine: isSpanishId, text: "12345678Z" },
    ];
    for (const { isGenuine, text } of cases) {
      expect(isGenuine(text), text).toBe(true);
      for (let at = 0; at < text.length; at += 1) {
        const digit = Number(text[at]);
        if (Number.isNaN(digit)) continue;
        const changed = `${text.slice(0, at)}${(digit + 1) % 10}${text.slice(at + 1)}`;
        expect(isGenuine(changed), changed).toBe(false);
      }
    }
  });
});

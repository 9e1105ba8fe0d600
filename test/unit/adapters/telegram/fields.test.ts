import { describe, it } from "vitest";
import { telegramFields } from "../../../../src/adapters/telegram/fields.ts";
import { FAKE_TOKEN } from "../../../support/fake-telegram-updates.ts";

const field = (name: string) => telegramFields.find((candidate) => candidate.name === name);

describe("the fields of telegram", () => {
  it("asks for the token and makes the secret itself", ({ expect }) => {
    expect(
      telegramFields.map(({ name, secret, required }) => ({ name, secret, required })),
    ).toEqual([
      { name: "token", secret: true, required: true },
      { name: "secret", secret: true, required: false },
    ]);
    expect(field("secret")?.generate?.()).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  it.for([
    [
      "",
      "1234567890",
      "bot1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
      `${FAKE_TOKEN} `,
      `x${FAKE_TOKEN}`,
    ],
  ])("refuses what is no token, and does not repeat it", (values, { expect }) => {
    for (const value of values) {
      const said = field("token")?.check?.(value);
      expect(said).toBe(
        "A bot token is a number, a colon and at least 30 letters or digits. Copy it from @BotFather.",
      );
    }
    expect(field("token")?.check?.(FAKE_TOKEN)).toBeUndefined();
  });

  it("takes secrets of 1 to 256 characters that Telegram takes", ({ expect }) => {
    const check = field("secret")?.check;
    expect(check?.("a")).toBeUndefined();
    expect(check?.("aA0_-".repeat(51).concat("x"))).toBeUndefined();
    for (const wrong of ["", "a".repeat(257), "a b", "ä", "a\n"])
      expect(check?.(wrong)).toBe(
        "A webhook secret is 1 to 256 of the characters A-Z, a-z, 0-9, _ and -.",
      );
  });
});

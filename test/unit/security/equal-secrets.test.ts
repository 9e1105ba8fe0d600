/** Secrets compared: equal or not, for any two texts. */
import fc from "fast-check";
import { describe, it } from "vitest";
import { equalSecrets } from "../../../src/security/equal-secrets.ts";

describe("two secrets", () => {
  it.for([
    ["secret", "secret", true],
    ["secreT", "secret", false],
    ["", "secret", false],
    ["secret", "", false],
    ["", "", false],
    ["secretsecret", "secret", false],
    ["sec", "secret", false],
    ["秘密", "秘密", true],
  ] as const)("%j and %j", ([given, kept, isEqual], { expect }) => {
    expect(equalSecrets(given, kept)).toBe(isEqual);
  });

  it("are equal where the texts are, and nothing is equal to none", ({ expect }) => {
    const text = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 4 });
    fc.assert(
      fc.property(text, text, (given, kept) => {
        expect(equalSecrets(given, kept)).toBe(given === kept && kept !== "");
      }),
    );
  });
});

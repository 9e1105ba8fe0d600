import { describe, it } from "vitest";
import {
  type AdmissionDecision,
  type AdmissionFacts,
  decideAdmission,
} from "../../../src/turn/admission.ts";

const stranger: AdmissionFacts = {
  access: "pairing",
  conversationKind: "direct",
  mentionsMe: true,
  isBot: false,
  isKnown: false,
  isAllowed: false,
};
const YES_NO = [true, false];

/** Every combination of facts there is. */
const everyone: AdmissionFacts[] = (["pairing", "allowlist", "open"] as const).flatMap((access) =>
  (["direct", "group"] as const).flatMap((conversationKind) =>
    YES_NO.flatMap((mentionsMe) =>
      YES_NO.flatMap((isBot) =>
        YES_NO.flatMap((isKnown) =>
          YES_NO.map((isAllowed) => {
            return { access, conversationKind, mentionsMe, isBot, isKnown, isAllowed };
          }),
        ),
      ),
    ),
  ),
);

function expected(facts: AdmissionFacts): AdmissionDecision {
  const isHeard = !facts.isBot && (facts.conversationKind === "direct" || facts.mentionsMe);
  const rules: [boolean, AdmissionDecision][] = [
    [!isHeard, "deny"],
    [facts.isKnown, "admit"],
    [facts.isAllowed, "enrol"],
    [facts.access === "open", "enrol"],
    [facts.access === "pairing" && facts.conversationKind === "direct", "pair"],
  ];
  return rules.find(([applies]) => applies)?.[1] ?? "deny";
}

describe("decideAdmission", () => {
  it.for([
    [{}, "pair"],
    [{ isKnown: true }, "admit"],
    [{ isAllowed: true }, "enrol"],
    [{ access: "open" }, "enrol"],
    [{ access: "allowlist" }, "deny"],
    [{ access: "allowlist", isAllowed: true }, "enrol"],
    [{ conversationKind: "group" }, "deny"],
    [{ conversationKind: "group", isKnown: true }, "admit"],
    [{ conversationKind: "group", isKnown: true, mentionsMe: false }, "deny"],
    [{ conversationKind: "group", access: "open" }, "enrol"],
    [{ isBot: true, isKnown: true, isAllowed: true, access: "open" }, "deny"],
  ] as [Partial<AdmissionFacts>, AdmissionDecision][])(
    "decides on %j: %s",
    ([facts, decision], { expect }) => {
      expect(decideAdmission({ ...stranger, ...facts })).toBe(decision);
    },
  );

  it("keeps to the rules for every combination of facts", ({ expect }) => {
    expect(everyone).toHaveLength(3 * 2 ** 5);
    for (const facts of everyone)
      expect(decideAdmission(facts), JSON.stringify(facts)).toBe(expected(facts));
  });

  it("pairs nobody in public, and lets no bot in", ({ expect }) => {
    for (const facts of everyone) {
      const decision = decideAdmission(facts);
      if (facts.conversationKind === "group") expect(decision).not.toBe("pair");
      if (facts.isBot) expect(decision).toBe("deny");
    }
  });
});

/** Stage 5, at the door: may this sender speak here at all? Decided before a session object is touched. Pure. */

export interface AdmissionFacts {
  access: "pairing" | "allowlist" | "open";
  conversationKind: "direct" | "group";
  mentionsMe: boolean;
  isBot: boolean;
  isKnown: boolean;
  /** On the account's allow-list, not seen yet. */
  isAllowed: boolean;
}

export type AdmissionDecision =
  | "admit"
  /** Known to the account from now on. */
  | "enrol"
  /** May ask for a pairing code. */
  | "pair"
  | "deny";

/** Groups are answered only when the assistant is mentioned, and only people who are in: nobody pairs in public. */
export function decideAdmission(facts: AdmissionFacts): AdmissionDecision {
  if (facts.isBot) return "deny";
  if (facts.conversationKind === "group" && !facts.mentionsMe) return "deny";
  if (facts.isKnown) return "admit";
  if (facts.isAllowed || facts.access === "open") return "enrol";
  return facts.access === "pairing" && facts.conversationKind === "direct" ? "pair" : "deny";
}

/**
 * What the audit log says of a start: that there was one, and what the owner has changed on the host since the last one.
 * Values of options are kept as digests: some are for nobody else to read.
 */
import { type AuditEvent, auditEvent, NO_ACTOR } from "../../core/audit.ts";

export interface StartFacts {
  version: string;
  options: Readonly<Record<string, string>>;
  /** Addresses that the host lets the box reach by name. */
  allowed: readonly string[];
}

/** What was seen at a start; each undefined before the first. */
export interface SeenAtStart {
  /** Of each option a digest of its value. */
  options: Record<string, string> | undefined;
  allowed: string[] | undefined;
}

export async function digestOptions(
  options: Readonly<Record<string, string>>,
  digest: (text: string) => Promise<string>,
): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const [name, value] of Object.entries(options))
    digests[name] = await digest(`${name}=${value}`);
  return digests;
}

export function describeStart(
  before: SeenAtStart,
  digests: Readonly<Record<string, string>>,
  { version, options, allowed }: StartFacts,
): AuditEvent[] {
  const changed = Object.keys(digests).filter(
    (name) => before.options && digests[name] !== before.options[name],
  );
  const known = before.allowed ?? allowed;
  return [
    auditEvent("box.started", NO_ACTOR, { version }),
    ...changed.map((option) =>
      option === "ROCKPOOL_MODEL"
        ? auditEvent("model.chosen", NO_ACTOR, { for: "box", model: options[option] ?? "" })
        : auditEvent("config.changed", NO_ACTOR, { option }),
    ),
    ...describeAddresses("allowed", allowed, known),
    ...describeAddresses("denied", known, allowed),
  ];
}

/** Those of `some` that are not among `others`. */
function describeAddresses(
  change: "allowed" | "denied",
  some: readonly string[],
  others: readonly string[],
): AuditEvent[] {
  return some
    .filter((address) => !others.includes(address))
    .map((address) => auditEvent("egress.changed", NO_ACTOR, { change, ...namePlace(address) }));
}

/** In two values: a whole address is masked in the log, and one with a name and password in it must not stand there. */
function namePlace(address: string): { scheme: string; host: string } {
  const { protocol, host } = new URL(address);
  return { scheme: protocol.slice(0, -1), host };
}

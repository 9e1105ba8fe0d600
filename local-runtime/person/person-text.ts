/** People as text for the terminal. Pure. */
import type { PersonSummary } from "../../src/core/admin-protocol.ts";
import { renderTable } from "../channel-text.ts";
import { row } from "../screen/start-screen.ts";

export function renderPeople(people: readonly PersonSummary[]): string {
  if (people.length === 0)
    return "There is nobody yet. The owner comes with the first sign-in: `npx rockpool owner-link`.";
  const rows = people.map(({ id, role, name, accounts }) => [
    printable(name),
    role,
    accounts.join(", ") || "-",
    id,
  ]);
  return renderTable([["NAME", "ROLE", "WRITES FROM", "ID"], ...rows]);
}

export function renderPerson(person: PersonSummary): string {
  const { id, role, name, accounts, channels, models, limits, createdAtMs } = person;
  return [
    printable(name),
    ...row("Id", [id]),
    ...row("Role", [role]),
    ...row("From", accounts),
    ...row("Channels", [channels.join(", ") || "all"]),
    ...row("Models", [models.join(", ") || "all"]),
    ...row(
      "Limits",
      Object.keys(limits).length === 0
        ? ["those of the role"]
        : Object.entries(limits).map(([limit, value]) => `${limit}: ${value ?? "none"}`),
    ),
    ...row("Since", [new Date(createdAtMs).toISOString()]),
  ].join("\n");
}

/** People choose their names: they must not steer the terminal. */
function printable(name: string): string {
  return name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "");
}

/** Accounts as text for the terminal. Pure. */
import type { AccountAdded, AccountSummary } from "../src/core/admin-protocol.ts";
import { row } from "./screen/start-screen.ts";

const COLUMN_GAP = "  ";

/** What an owner does next, by who may write to the account. */
const NEXT: Readonly<Record<AccountSummary["access"], string>> = {
  pairing: "Whoever writes first gets a code: let them in with `npx rockpool pair approve <code>`.",
  allowlist: "Only the senders of --allow are answered.",
  open: "Everybody who finds it is answered.",
};

export function renderAdded({ account, done, generated }: AccountAdded, webhookUrl: string) {
  const secrets = Object.entries(generated).map(
    ([name, value]) => `${name}: ${value}   (shown this once: keep it)`,
  );
  return [
    `Added ${account.channel}/${account.name}${account.self ? ` as ${account.self.name}` : ""}.`,
    ...done.map((line) => `  - ${line}`),
    "",
    ...(account.transport === "webhook" ? row("Webhook", [webhookUrl]) : []),
    ...row("Generated", secrets),
    ...row("Access", [`${account.access}. ${NEXT[account.access]}`]),
  ].join("\n");
}

export function renderAccounts(accounts: readonly AccountSummary[]): string {
  if (accounts.length === 0)
    return "There is no account yet. `npx rockpool channel add --help` lists the channels.";
  const rows = accounts.map(({ channel, name, access, transport, self, apiBase }) => [
    `${channel}/${name}`,
    access,
    transport,
    self?.name ?? "-",
    apiBase ?? "",
  ]);
  return renderTable([["ACCOUNT", "ACCESS", "TRANSPORT", "AS", "API"], ...rows]);
}

export function renderAccount(account: AccountSummary): string {
  const { channel, name, access, transport, self, apiBase, settings, secretsSet } = account;
  return [
    `${channel}/${name}`,
    ...row("Access", [access]),
    ...row("Transport", [transport]),
    ...row("Webhook", transport === "webhook" ? [account.webhookPath] : []),
    ...row("As", self ? [`${self.name} (${self.id})`] : []),
    ...row("API", apiBase ? [apiBase] : []),
    ...row(
      "Settings",
      Object.entries(settings).map(([key, value]) => `${key}: ${value}`),
    ),
    ...row(
      "Secrets",
      secretsSet.map((key) => `${key}: set`),
    ),
    ...row("Added", [new Date(account.addedAtMs).toISOString()]),
  ].join("\n");
}

/** Columns as wide as their widest cell. */
export function renderTable(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const cells of rows)
    for (const [index, cell] of cells.entries())
      widths[index] = Math.max(widths[index] ?? 0, cell.length);
  return rows
    .map((cells) =>
      cells
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join(COLUMN_GAP)
        .trimEnd(),
    )
    .join("\n");
}

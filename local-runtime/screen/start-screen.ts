/** The one screen that `rockpool up` shows when it serves. Pure. */
import type { AccountSummary, OwnerLink } from "../../src/core/admin-protocol.ts";
import type { ModelServerState } from "../model-server/run-state.ts";
import { describeModel } from "./model-advice.ts";
import type { ServerStatus } from "./server-status.ts";

export interface StartFacts {
  url: string;
  /** The same for the browser of this machine. */
  pageUrl: string;
  /** The supervisor. */
  pid: number;
  dataDir: string;
  status: ServerStatus;
  ownerLink: OwnerLink;
  /** The built-in model server, where that is wanted. */
  builtin?: ModelServerState | undefined;
}

/** Address of the web chat that signs the owner in once. The token is in the fragment: no server log sees it. */
export function ownerAddress(facts: Pick<StartFacts, "pageUrl" | "status" | "ownerLink">): string {
  return `${facts.status.publicUrl || facts.pageUrl}/#owner=${facts.ownerLink.token}`;
}

export function webhookAddress(
  account: Pick<AccountSummary, "webhookPath">,
  facts: Pick<StartFacts, "url" | "status">,
): string {
  return `${facts.status.publicUrl || facts.url}${account.webhookPath}`;
}

export function renderStartScreen(facts: StartFacts): string {
  const expires = new Date(facts.ownerLink.expiresAtMs).toLocaleString("en-GB", {
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
  });
  return [
    `Rockpool ${facts.status.version} is running.`,
    "",
    ...row("Web chat", [
      ownerAddress(facts),
      `signs you in, once, until ${expires}; \`npx rockpool owner-link\` makes another`,
    ]),
    ...row("Model", describeModel(facts.status.model, facts.status.modelUrl, facts.builtin)),
    ...row("Channels", describeChannels(facts)),
    ...row("Data", [`${facts.dataDir} (keep a copy of its master.key elsewhere)`]),
    "",
    "Stop it with Ctrl-C, or with `npx rockpool down` from elsewhere.",
  ].join("\n");
}

export function describeChannels(facts: Pick<StartFacts, "url" | "status">): string[] {
  const { accounts } = facts.status;
  if (accounts.length === 0)
    return ["none but the web chat; add one: npx rockpool channel add telegram --name main"];
  return accounts.map((account) => {
    const way =
      account.transport === "webhook" ? webhookAddress(account, facts) : `by ${account.transport}`;
    return `${account.channel}/${account.name}  ${way}`;
  });
}

const LABEL_WIDTH = 11;

export function row(label: string, lines: readonly string[]): string[] {
  return lines.map((line, index) => `  ${(index === 0 ? label : "").padEnd(LABEL_WIDTH)}${line}`);
}

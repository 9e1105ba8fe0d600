/** Gathers from the running server what the start screen shows. Loaded after it serves, so that it delays nothing. */
import { callAdmin } from "./admin-client.ts";
import { OwnerLinkSchema } from "./admin-client-replies.ts";
import type { RunState } from "./run-state.ts";
import { loadServerStatus } from "./server-status.ts";
import {
  ownerAddress,
  renderStartScreen,
  type StartFacts,
  webhookAddress,
} from "./start-screen.ts";

export async function loadStartFacts(
  state: RunState,
  modelUrl: string,
  dataDir: string,
): Promise<StartFacts> {
  const [status, ownerLink] = await Promise.all([
    loadServerStatus(state.adminSocket),
    callAdmin(state.adminSocket, { method: "POST", path: "/owner-link", reply: OwnerLinkSchema }),
  ]);
  return { version: status.version, url: state.url, modelUrl, dataDir, status, ownerLink };
}

export function renderStart(facts: StartFacts): { text: string; json: object } {
  const { status } = facts;
  const json = {
    url: facts.url,
    ownerLink: ownerAddress(facts),
    ownerLinkExpiresAtMs: facts.ownerLink.expiresAtMs,
    dataDir: facts.dataDir,
    pid: process.pid,
    model: status.model,
    webhooks: status.accounts.map((account) => ({
      channel: account.channel,
      name: account.name,
      url: webhookAddress(account, facts),
    })),
  };
  return { text: renderStartScreen(facts), json };
}

/**
 * Shows the start screen of the server that runs on a data folder. A program of its own, started by `rockpool up` when it
 * serves: what it loads is gone again when it ends, and delays nothing. Arguments: data folder, `--json`.
 */
import { callAdmin, findServer } from "./admin/admin-client.ts";
import { OwnerLinkSchema } from "./admin/admin-client-replies.ts";
import { dataFolderAt } from "./data-folder.ts";
import { loadModelServerState } from "./model-server/run-state.ts";
import { loadServerStatus } from "./screen/server-status.ts";
import {
  ownerAddress,
  renderStartScreen,
  type StartFacts,
  webhookAddress,
} from "./screen/start-screen.ts";

const [dataDir = "", format] = process.argv.slice(2);

async function loadStartFacts(): Promise<StartFacts> {
  const { adminSocket, url, pageUrl = url, pid } = findServer(dataDir);
  const [status, ownerLink] = await Promise.all([
    loadServerStatus(adminSocket),
    callAdmin(adminSocket, { method: "POST", path: "/owner-link", reply: OwnerLinkSchema }),
  ]);
  const builtin = loadModelServerState(dataFolderAt(dataDir));
  return { url, pageUrl, pid, dataDir, status, ownerLink, builtin };
}

function startFactsJson(facts: StartFacts): object {
  return {
    url: facts.url,
    ownerLink: ownerAddress(facts),
    ownerLinkExpiresAtMs: facts.ownerLink.expiresAtMs,
    dataDir: facts.dataDir,
    pid: facts.pid,
    model: facts.status.model,
    webhooks: facts.status.accounts.map((account) => ({
      channel: account.channel,
      name: account.name,
      url: webhookAddress(account, facts),
    })),
  };
}

try {
  const facts = await loadStartFacts();
  const text =
    format === "--json" ? JSON.stringify(startFactsJson(facts)) : renderStartScreen(facts);
  process.stdout.write(`${text}\n`);
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  process.stderr.write(
    `rockpool: the server runs, but the start screen cannot be shown: ${reason}\n`,
  );
}

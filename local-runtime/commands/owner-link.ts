/** `rockpool owner-link`: a new one-time address that signs the owner in to the web chat. */
import type { Command } from "commander";
import { callAdmin, findServer } from "../admin/admin-client.ts";
import { OwnerLinkSchema } from "../admin/admin-client-replies.ts";
import { loadServerStatus } from "../screen/server-status.ts";
import { ownerAddress } from "../screen/start-screen.ts";
import { loadSettings } from "../settings.ts";
import type { Shell } from "../shell.ts";

export function defineCommand(command: Command, shell: Shell): void {
  command
    .description("Make an address that signs the owner in to the web chat, once.")
    .action(() => runOwnerLink(shell));
}

async function runOwnerLink(shell: Shell): Promise<void> {
  const { adminSocket, url, pageUrl = url } = findServer(loadSettings(shell).dataDir);
  const status = await loadServerStatus(adminSocket);
  const ownerLink = await callAdmin(adminSocket, {
    method: "POST",
    path: "/owner-link",
    reply: OwnerLinkSchema,
  });
  const link = ownerAddress({ pageUrl, status, ownerLink });
  const until = new Date(ownerLink.expiresAtMs).toISOString();
  shell.print(`${link}\n(signs you in, once, until ${until})`);
  shell.printJson({ ownerLink: link, expiresAtMs: ownerLink.expiresAtMs });
}

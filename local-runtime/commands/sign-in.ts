/** `rockpool sign-in link|list|end`: how people get into the web chat, and which of their devices are in it. */
import type { Command } from "commander";
import * as v from "valibot";
import type { DeviceSummary } from "../../src/core/sign-in-protocol.ts";
import { callAdmin, findServer } from "../admin/admin-client.ts";
import { DevicesSchema, OwnerLinkSchema } from "../admin/admin-client-replies.ts";
import { renderTable } from "../channel-text.ts";
import { defineGroup } from "../command-group.ts";
import { loadServerStatus } from "../screen/server-status.ts";
import { ownerAddress } from "../screen/start-screen.ts";
import { loadSettings } from "../settings.ts";
import type { Shell } from "../shell.ts";

export function defineCommand(command: Command, shell: Shell): void {
  defineGroup(command);
  command
    .command("link")
    .description("Make an address that signs a person in to the web chat, once.")
    .argument("<person>", "id or name")
    .action((person: string) => runLink(shell, person));
  command
    .command("list")
    .description("List the devices on which a person is signed in.")
    .argument("<person>", "id or name")
    .action((person: string) => runList(shell, person));
  command
    .command("end")
    .description("Sign a person out: on all devices, or on one.")
    .argument("<person>", "id or name")
    .argument("[device]", "id, as `sign-in list` prints it")
    .action((person: string, device?: string) => runEnd(shell, person, device));
}

async function runLink(shell: Shell, person: string): Promise<void> {
  const { adminSocket, url, pageUrl = url } = findServer(loadSettings(shell).dataDir);
  const status = await loadServerStatus(adminSocket);
  const ownerLink = await callAdmin(adminSocket, {
    method: "POST",
    path: "/sign-ins/links",
    body: { person },
    reply: OwnerLinkSchema,
  });
  const link = ownerAddress({ pageUrl, status, ownerLink });
  const until = new Date(ownerLink.expiresAtMs).toISOString();
  shell.print(`${link}\n(signs ${person} in, once, until ${until}: hand it over in private)`);
  shell.printJson({ link, expiresAtMs: ownerLink.expiresAtMs });
}

async function runList(shell: Shell, person: string): Promise<void> {
  const { adminSocket } = findServer(loadSettings(shell).dataDir);
  const path = `/sign-ins/${encodeURIComponent(person)}`;
  const devices = await callAdmin(adminSocket, { method: "GET", path, reply: DevicesSchema });
  shell.print(renderDevices(devices));
  shell.printJson(devices);
}

function renderDevices(devices: readonly DeviceSummary[]): string {
  if (devices.length === 0)
    return "Signed in nowhere. Make a link with `npx rockpool sign-in link <person>`.";
  const rows = devices.map(({ id, name, method, signedInAtMs, lastSeenAtMs }) => [
    id,
    name,
    method,
    renderTime(signedInAtMs),
    renderTime(lastSeenAtMs),
  ]);
  return renderTable([["DEVICE", "NAME", "BY", "SIGNED IN", "LAST SEEN"], ...rows]);
}

function renderTime(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16);
}

async function runEnd(shell: Shell, person: string, device?: string): Promise<void> {
  const { adminSocket } = findServer(loadSettings(shell).dataDir);
  const parts = [person, ...(device === undefined ? [] : [device])].map(encodeURIComponent);
  const { ended } = await callAdmin(adminSocket, {
    method: "DELETE",
    path: `/sign-ins/${parts.join("/")}`,
    reply: v.object({ ended: v.number() }),
  });
  shell.print(ended === 1 ? "Signed out on 1 device." : `Signed out on ${ended} devices.`);
  shell.printJson({ ended });
}

/** The check of what the server may reach: whether each account's platform is among it. */

import { callAdmin } from "../admin/admin-client.ts";
import { AccountsSchema } from "../admin/admin-client-replies.ts";
import type { DataFolder } from "../data-folder.ts";
import { originOf } from "../egress/account-origin.ts";
import { loadEgressOrigins } from "../egress/egress-grants.ts";
import type { Settings } from "../settings.ts";
import type { RunState } from "../supervisor/run-state.ts";
import { type Finding, fail, failure, ok, warn } from "./check.ts";

const what = "Outbound";

export async function checkOutbound(
  { options }: Pick<Settings, "options">,
  folder: DataFolder,
  state: RunState | undefined,
): Promise<Finding> {
  const isListedOnly = options.ROCKPOOL_EGRESS === "listed";
  if (!isListedOnly) return ok(what, "addresses of options and accounts, and public ones");
  if (options.ROCKPOOL_WEB_FETCH === "on")
    return warn(
      what,
      "ROCKPOOL_WEB_FETCH is on, and with ROCKPOOL_EGRESS=listed no web page is read",
      "Set one of the two back.",
    );
  try {
    const missing = state ? await findMissing(folder, state) : [];
    if (missing.length === 0) return ok(what, "addresses of options and accounts only");
    return fail(
      what,
      `an account needs what is not listed: ${missing.join(", ")}`,
      `Allow it: npx rockpool egress allow ${missing[0]}`,
    );
  } catch (error) {
    return failure(what, error);
  }
}

async function findMissing(folder: DataFolder, { adminSocket }: RunState): Promise<string[]> {
  const allowed = new Set(loadEgressOrigins(folder));
  const reply = AccountsSchema;
  const accounts = await callAdmin(adminSocket, { method: "GET", path: "/accounts", reply });
  const needed = accounts.flatMap(
    (account) => originOf({ ...account, callback: account.settings.callback }, true) ?? [],
  );
  return [...new Set(needed)].filter((origin) => !allowed.has(origin));
}

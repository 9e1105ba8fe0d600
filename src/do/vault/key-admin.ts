/** What the owner is told of the keys of the box, and a new data key when he asks for one. */
import type { KeyStatus } from "../../core/admin-protocol.ts";
import { countSealedBy } from "../../db/sealed-messages.ts";
import type { Env } from "../../env.ts";
import { openKeyring } from "../isolate.ts";
import { openVault } from "./vault-client.ts";

export async function loadKeyStatus(env: Env): Promise<KeyStatus> {
  const [{ staleBelow, ...status }, sealed] = await Promise.all([
    openVault(env).status(),
    countSealedBy(env.DB),
  ]);
  const isOld = ({ version, dataKey }: (typeof sealed)[number]) =>
    version === 1 || dataKey < staleBelow;
  const count = (rows: typeof sealed) => rows.reduce((sum, { rows: n }) => sum + n, 0);
  return { ...status, messages: count(sealed), oldMessages: count(sealed.filter(isOld)) };
}

/** Everything from now on is sealed under a new data key. */
export async function rotateDataKey(env: Env): Promise<void> {
  await openVault(env).rotate();
  (await openKeyring(env)).renew();
}

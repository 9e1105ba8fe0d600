/** `store.json` says whose store it is: one recovery key for one store, so that nobody fills another one's by mistake. */
import * as v from "valibot";
import { EXIT, HostError } from "../host-error.ts";
import { FORMAT } from "./snapshot.ts";
import type { BackupStore } from "./store.ts";

const NAME = "store.json";
const MAX_BYTES = 4_096;

const OwnerSchema = v.strictObject({
  format: v.literal(FORMAT),
  recoveryKeyId: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/)),
});

/** Throws store/other_key and store/not_ours. */
export async function verifyStore(store: BackupStore, recoveryKeyId: string): Promise<boolean> {
  const bytes = await readIfThere(store);
  if (!bytes) return false;
  const owner = parseOwner(bytes);
  if (!owner)
    throw new HostError({
      code: "store/not_ours",
      message: `The store ${store.place} is of a form that this version of Rockpool does not know.`,
      fix: "A newer Rockpool may have made it: update. Otherwise name an empty folder or prefix.",
      exitStatus: EXIT.config,
    });
  if (owner.recoveryKeyId === recoveryKeyId) return true;
  throw new HostError({
    code: "store/other_key",
    message: `The store ${store.place} belongs to another recovery key (${owner.recoveryKeyId}) than this one (${recoveryKeyId}).`,
    fix: "Use that key, or name an empty folder or prefix for backups with this one.",
    exitStatus: EXIT.config,
  });
}

/** Makes an empty store this key's own. */
export async function claimStore(store: BackupStore, recoveryKeyId: string): Promise<void> {
  if (await verifyStore(store, recoveryKeyId)) return;
  const owner = { format: FORMAT, recoveryKeyId };
  await store.write(NAME, Buffer.from(`${JSON.stringify(owner)}\n`));
}

async function readIfThere(store: BackupStore): Promise<Buffer | undefined> {
  try {
    return await store.read(NAME, MAX_BYTES);
  } catch (error) {
    if (error instanceof HostError && error.code === "store/missing") return undefined;
    throw error;
  }
}

function parseOwner(bytes: Buffer) {
  try {
    return v.parse(OwnerSchema, JSON.parse(bytes.toString("utf8")));
  } catch {
    return undefined;
  }
}

/** What a box of the bench is made of: a data folder of its own, made and configured by the code of `rockpool up`. */
import { join } from "node:path";
import type { Bundle } from "../../local-runtime/bundle.ts";
import { type DataFolder, prepareDataFolder } from "../../local-runtime/data-folder.ts";
import { writeEgressOrigins } from "../../local-runtime/egress/egress-grants.ts";
import { memoryBytes } from "../../local-runtime/host-work/memory.ts";
import { openMasterKey } from "../../local-runtime/keys/master-key.ts";
import { type RunPlan, writeLastingFiles } from "../../local-runtime/supervisor/run-files.ts";
import { migrateFolder } from "../../local-runtime/supervisor/server.ts";
import { rockpoolVersion } from "../../local-runtime/versions.ts";
import { loadWranglerConfig } from "../../local-runtime/workerd-config/wrangler-config.ts";
import { loadOptions } from "../../src/config/load.ts";
import { QUOTA_NAMES } from "../../src/core/quotas.ts";

/** Who writes in a bench is a guest, and writes all the time. */
const NO_QUOTAS = QUOTA_NAMES.map((name) => `guest.${name}=none`).join(", ");

export const ROOT = join(import.meta.dirname, "..", "..");

export interface BoxAddresses {
  modelUrl: string;
  telegramUrl: string;
}

/** The options of the box, as the environment states them; all others have their defaults. */
export function boxEnvironment(dataDir: string, modelUrl: string): Record<string, string> {
  return {
    HOST: "127.0.0.1",
    PORT: "0",
    ROCKPOOL_DATA: dataDir,
    ROCKPOOL_MODEL_URL: modelUrl,
    // The model of the bench answers everybody at once.
    ROCKPOOL_MODEL_SLOTS: "256",
    ROCKPOOL_QUOTAS: NO_QUOTAS,
    ROCKPOOL_PUBLIC_URL: "https://bench.example",
  };
}

/** Makes the folder with its key, its tables and its grants. */
export function prepareBox(dataDir: string, { telegramUrl }: BoxAddresses): DataFolder {
  const folder = prepareDataFolder(dataDir);
  openMasterKey(folder).fill(0);
  migrateFolder(ROOT, folder, loadWranglerConfig(ROOT));
  writeEgressOrigins(folder, [telegramUrl]);
  return folder;
}

/** Writes the files of a run of this bundle. */
export function planRun(folder: DataFolder, modelUrl: string, bundle: Bundle): RunPlan {
  const loaded = loadOptions(boxEnvironment(folder.root, modelUrl));
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join("; "));
  const plan: RunPlan = {
    folder,
    bundle,
    wrangler: loadWranglerConfig(ROOT),
    options: loaded.options,
    adminSocket: join(folder.run, "admin.sock"),
    box: {
      ROCKPOOL_VERSION: rockpoolVersion(ROOT),
      ROCKPOOL_MEMORY_BYTES: String(memoryBytes()),
    },
    textFiles: {},
  };
  const masterKey = openMasterKey(folder);
  writeLastingFiles(plan, masterKey);
  masterKey.fill(0);
  return plan;
}

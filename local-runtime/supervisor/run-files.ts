/** Writes what workerd starts from into `<data>/run/`: the bundled Worker, the box secret and the config. */
import { rmSync } from "node:fs";
import { join, relative } from "node:path";
import { listModelServers } from "../../src/config/model-servers.ts";
import { OPTIONS, type OptionName, type Options } from "../../src/config/options.ts";
import { writeFileAtomic } from "../atomic-file.ts";
import type { Bundle } from "../bundle.ts";
import { type DataFolder, explainFileErrors } from "../data-folder.ts";
import { loadEgressOrigins } from "../egress/egress-grants.ts";
import { verifyListedOnly } from "../egress/egress-proof.ts";
import { writeBoxSecret } from "../keys/master-key.ts";
import type { Listening } from "../listen/listening.ts";
import { copyWorker, listModules } from "../worker-modules.ts";
import { type HostFacts, renderConfig } from "../workerd-config/capnp.ts";
import type { WranglerConfig } from "../workerd-config/wrangler-config.ts";

export interface RunPlan {
  folder: DataFolder;
  bundle: Bundle;
  wrangler: WranglerConfig;
  options: Options;
  adminSocket: string;
  /** Where files of strangers are opened; without it, those that need that are not. */
  fileReaderSocket?: string;
  /** Text bindings that tell the Worker of the box. */
  box: Readonly<Record<string, string>>;
  /** Files that the Worker is handed as text, by the name of the binding. */
  textFiles: Readonly<Record<string, string>>;
}

/** Absolute paths: workerd reads them once, at its start. */
export interface MasterKeyFiles {
  present: string;
  /** While one key takes the other's place. */
  next?: string | undefined;
}

export function configFile(folder: DataFolder): string {
  return join(folder.run, "workerd.capnp");
}

/** The files that stay the same for all runs of one `rockpool up`. */
export function writeLastingFiles(plan: RunPlan, masterKey: Uint8Array): void {
  writeBoxSecret(plan.folder, masterKey);
  explainFileErrors(plan.folder.root, () => copyWorker(plan.bundle.workerFile, plan.folder.run));
}

/** The config of the next run, with the grants and the certificate as they are now. Throws egress/unreadable. */
export function writeConfig(
  plan: RunPlan,
  listening: Pick<Listening, "prepare">,
  keyFiles: MasterKeyFiles,
): void {
  const { folder } = plan;
  const { present, next } = keyFiles;
  const facts: HostFacts = {
    sockets: explainFileErrors(folder.root, () => listening.prepare()),
    adminSocket: plan.adminSocket,
    ...(plan.fileReaderSocket === undefined ? {} : { fileReaderSocket: plan.fileReaderSocket }),
    objectsDir: folder.objects,
    assetsDir: plan.bundle.consoleDir,
    embeds: {
      modules: listModules(folder.run),
      masterKey: relative(folder.run, present),
      ...(next === undefined ? {} : { nextMasterKey: relative(folder.run, next) }),
      boxSecret: "box-secret.key",
    },
    modelUrls: modelUrls(plan.options),
    textFiles: relativeTo(folder.run, plan.textFiles),
    egressOrigins: egressOrigins(plan),
    isListedOnly: plan.options.ROCKPOOL_EGRESS === "listed",
    text: { ...workerOptions(plan.options), ...plan.box },
  };
  const config = renderConfig(plan.wrangler, facts);
  if (facts.isListedOnly) verifyListedOnly(config, facts);
  explainFileErrors(folder.root, () => {
    writeFileAtomic(configFile(folder), config);
    // workerd does not take over a socket file that a killed one has left.
    rmSync(plan.adminSocket, { force: true });
  });
}

function relativeTo(dir: string, paths: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(paths).map(([name, path]) => [name, relative(dir, path)]),
  );
}

function modelUrls(options: Options): HostFacts["modelUrls"] {
  const [main, ...others] = listModelServers(options).map(({ url }) => url);
  return [main ?? options.ROCKPOOL_MODEL_URL, ...others];
}

/** What accounts were granted, the transcription server, and the provider that people sign in by. */
function egressOrigins({ folder, options }: RunPlan): string[] {
  const granted = loadEgressOrigins(folder);
  const urls = [options.ROCKPOOL_TRANSCRIBE_URL, options.ROCKPOOL_OIDC_ISSUER];
  const named = urls.filter((url) => url !== "").map((url) => new URL(url).origin);
  return [...new Set([...granted, ...named])];
}

function workerOptions(options: Options): Record<string, string> {
  const names = Object.keys(OPTIONS) as OptionName[]; // Object.keys widens the table's keys to string
  return Object.fromEntries(
    names.filter((name) => OPTIONS[name].worker).map((name) => [name, String(options[name])]),
  );
}

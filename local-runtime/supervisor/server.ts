/**
 * Everything between the command `up` and a serving workerd, in order: folder, lock, key, bundle, migrations, config,
 * supervisor. Nothing is served before all of it stands.
 */
import { realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import * as v from "valibot";
import { listModelServers } from "../../src/config/model-servers.ts";
import type { Options } from "../../src/config/options.ts";
import { callAdmin } from "../admin/admin-client.ts";
import { placeAdminSocket } from "../admin/admin-socket.ts";
import { finishRestore } from "../backup/restore-swap.ts";
import { prepareUpgrade } from "../backup/upgrade-copy.ts";
import { openBundle } from "../bundle.ts";
import { type DataFolder, explainFileErrors, prepareDataFolder } from "../data-folder.ts";
import { d1File } from "../database/d1-file.ts";
import { loadMigrations, type Migrated, migrate } from "../database/migrations.ts";
import { FileReader } from "../file-reader/server.ts";
import type { DailyEvent } from "../host-work/daily-work.ts";
import { createHostWork } from "../host-work/host-work.ts";
import { memoryBytes } from "../host-work/memory.ts";
import { holdKey } from "../keys/key-source.ts";
import { openMasterKey } from "../keys/master-key.ts";
import { findModelKeys, findTranscribeKey } from "../keys/model-keys.ts";
import { findOidcSecret } from "../keys/oidc-secret.ts";
import { RunKeys } from "../keys/run-keys.ts";
import { verifyVault } from "../keys/verify-vault.ts";
import type { CertificateEvent } from "../listen/certificate-keeper.ts";
import { Listening } from "../listen/listening.ts";
import { logLine, setOwnPatterns, terminalLine } from "../logs/output-lines.ts";
import { RotatingLog } from "../logs/rotating-log.ts";
import { decideModel } from "../model-server/choice.ts";
import { type KeeperEvent, ModelServerKeeper } from "../model-server/keeper.ts";
import { loadLibrary } from "../model-server/library.ts";
import { findPort } from "../model-server/port.ts";
import { findRedactPatterns, loadRedactPatterns } from "../redact-patterns.ts";
import type { Settings } from "../settings.ts";
import type { Shell } from "../shell.ts";
import { createTerminalInput } from "../terminal-input.ts";
import { rockpoolVersion } from "../versions.ts";
import { loadWranglerConfig, type WranglerConfig } from "../workerd-config/wrangler-config.ts";
import { acquireLock } from "./lock.ts";
import { endOrphans } from "./orphans.ts";
import { configFile, type RunPlan, writeConfig, writeLastingFiles } from "./run-files.ts";
import { Supervisor, type SupervisorEvent } from "./supervisor.ts";
import { findWorkerd } from "./workerd-binary.ts";

/** A Worker that does not answer in this time is not told that it ends. */
const ANNOUNCE_MS = 500;
/** Beside the admin socket, and no longer than its name: both have to fit into what a system takes. */
const FILE_READER_SOCKET = "files.sock";

export interface Server {
  supervisor: Supervisor;
  dataDir: string;
  /** Ends the model server, and gives back the lock, the log and the socket. */
  close(): Promise<void>;
}

/** Throws data/*, key/*, build/failed, migration/*, config/*. On return nothing serves yet. */
export async function openServer(shell: Shell, settings: Settings): Promise<Server> {
  const { lock, folder, masterKey } = await takeFolder(shell, settings);
  const [{ root }, { options }] = [shell, settings];
  const binary = findWorkerd(root);
  const log = await openLog(folder);
  const onEvent = (event: HostEvent) => record(shell, log, eventLine(event));
  // Another process makes the sockets listen: its start costs no time beside what follows here.
  const opening = Listening.open({ root, folder, options, onEvent });
  opening.catch(() => undefined); // told where it is awaited, after what comes first
  const wrangler = loadWranglerConfig(root);
  const built = bundleNoted(shell);
  await upgradeFolder(shell, { folder, masterKey, wrangler, workerFile: built.workerFile });
  const adminSocket = placeAdminSocket(folder);
  const fileReader = await openFileReader(root, adminSocket.path);
  const plan: RunPlan = {
    folder,
    bundle: built,
    wrangler,
    options,
    adminSocket: adminSocket.path,
    fileReaderSocket: fileReader.socket,
    box: boxFacts(root),
    textFiles: await findTextFiles(folder, options),
  };
  writeLastingFiles(plan, masterKey);
  const keys = new RunKeys(folder, masterKey);
  const listening = await opening;
  const modelServer = new ModelServerKeeper({
    root,
    folder,
    port: await findPort(),
    onLine: (line, stream) => record(shell, log, logLine(line, stream, Date.now(), "model_server")),
    onEvent,
  });
  const work = createHostWork({ root, folder, options, adminSocket, onEvent });
  const supervisor = new Supervisor({
    binary,
    configFile: configFile(folder),
    folder,
    adminSocket: adminSocket.path,
    sockets: listening.sockets,
    addresses: () => listening.addresses(),
    prepare: () => {
      const library = loadLibrary(folder);
      const model = decideModel({ ...settings, library, builtinUrl: modelServer.url });
      writeConfig({ ...plan, options: model.options }, listening, keys.files());
      modelServer.want(model.builtin?.name);
    },
    announceEnd: () => announceEnd(adminSocket.path),
    onLine: (line, stream) => record(shell, log, logLine(line, stream, Date.now())),
    onEvent: (event) => {
      onEvent(event);
      work.follow(event);
      if (event.type === "host:serving") void keys.settle(adminSocket.path, shell);
    },
  });
  listening.start(() => supervisor.reload());
  const close = async () => {
    work.stop();
    listening.close();
    keys.close();
    await Promise.all([modelServer.stop(), fileReader.stop()]);
    adminSocket.remove();
    log.close();
    lock.release();
  };
  return { supervisor, dataDir: folder.root, close };
}

/** What workerd says is masked in it by the owner's own patterns, too. */
async function openLog(folder: DataFolder): Promise<RotatingLog> {
  setOwnPatterns(await loadRedactPatterns(folder));
  return explainFileErrors(folder.root, () => new RotatingLog(folder.logs));
}

/** The folder for this server alone, whole and with its key. */
async function takeFolder(shell: Shell, { dataDir, options }: Settings) {
  process.umask(0o077);
  const found = openFolder(dataDir);
  const lock = explainFileErrors(found.root, () => acquireLock(found.root, "up"));
  const folder = await holdKey(found, options, createTerminalInput());
  await endOrphans(configFile(folder));
  if (finishRestore(folder)) shell.note("completed a restore that was cut off");
  return { lock, folder, masterKey: openMasterKey(folder) };
}

async function findTextFiles(folder: DataFolder, options: Options): Promise<RunPlan["textFiles"]> {
  return {
    ...findModelKeys(folder, listModelServers(options)),
    ...findTranscribeKey(folder, options),
    ...findOidcSecret(folder, options),
    ...(await findRedactPatterns(folder)),
  };
}

function boxFacts(root: string): RunPlan["box"] {
  return {
    ROCKPOOL_VERSION: rockpoolVersion(root),
    ROCKPOOL_MEMORY_BYTES: String(memoryBytes()),
  };
}

function bundleNoted(shell: Shell): RunPlan["bundle"] {
  const built = openBundle(shell.root);
  if (built.built) shell.note("bundled the Worker and the console");
  return built;
}

async function openFileReader(root: string, adminSocket: string): Promise<FileReader> {
  const fileReader = new FileReader({
    root,
    socket: join(dirname(adminSocket), FILE_READER_SOCKET),
  });
  await fileReader.start();
  return fileReader;
}

async function announceEnd(adminSocket: string): Promise<void> {
  const reply = v.object({ leaving: v.literal(true) });
  const call = { method: "POST", path: "/leave", reply, timeoutMs: ANNOUNCE_MS } as const;
  await callAdmin(adminSocket, call);
}

/** The folder by its real path: the lock, the socket and the search for orphans must all mean the same one. */
export function openFolder(dataDir: string): DataFolder {
  prepareDataFolder(dataDir);
  return prepareDataFolder(realpathSync(dataDir));
}

/** Brings the D1 database of the folder up to date. The folder's lock must be held and no workerd may run on it. */
export function migrateFolder(
  root: string,
  folder: DataFolder,
  wrangler: WranglerConfig,
): Migrated {
  return explainFileErrors(folder.root, () => {
    const results = wrangler.d1_databases.map((database) =>
      migrate({
        databaseFile: d1File(folder.objects, database.database_name),
        migrations: loadMigrations(join(root, database.migrations_dir)),
        backupsDir: folder.backups,
      }),
    );
    const copy = results.find((result) => result.copy !== undefined)?.copy;
    const applied = results.flatMap((result) => result.applied);
    return { applied, ...(copy === undefined ? {} : { copy }) };
  });
}

/** The data in the form that this program expects, with a copy from before. */
async function upgradeFolder(
  shell: Shell,
  data: {
    folder: DataFolder;
    masterKey: Uint8Array;
    wrangler: WranglerConfig;
    workerFile: string;
  },
): Promise<void> {
  const version = rockpoolVersion(shell.root);
  await prepareUpgrade({ ...data, version, note: (text) => shell.note(text) });
  noteMigrations(shell, migrateFolder(shell.root, data.folder, data.wrangler));
  for (const { database_name } of data.wrangler.d1_databases)
    verifyVault(data.folder, database_name);
}

function noteMigrations(shell: Shell, { applied, copy }: Migrated): void {
  if (applied.length > 0) shell.note(`applied ${applied.join(", ")}`);
  if (copy !== undefined) shell.note(`a copy of the data from before is in ${copy}`);
}

function record(shell: Shell, log: RotatingLog, line: string): void {
  log.write(line);
  const shown = terminalLine(line);
  if (shown !== undefined) shell.note(shown);
}

type HostEvent = SupervisorEvent | KeeperEvent | CertificateEvent | DailyEvent;

/** What people at the terminal should see. */
const WARNINGS: ReadonlySet<string> = new Set<HostEvent["type"]>([
  "host:certificate_refused",
  "host:certificate_expires",
  "host:daily_failed",
  "host:restarting",
  "host:reload_refused",
  "host:model_server_installing",
  "host:model_server_ended",
]);

function eventLine(event: HostEvent): string {
  const level = WARNINGS.has(event.type) ? "warn" : "info";
  return JSON.stringify({ time: new Date().toISOString(), level, ...event });
}

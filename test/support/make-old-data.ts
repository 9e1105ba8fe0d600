/**
 * Makes a fixture of the data that an earlier version keeps: `bin/with-node test/support/make-old-data.ts <commit> <name>`.
 * Checks that commit out into a temporary folder, lets its own server take a few messages, and keeps the archive that its
 * own `backup` writes, with its master key, in test/fixtures/old-data/<name>/.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startFakeOllama } from "./fake-ollama.ts";
import { startRockpool } from "./rockpool-process.ts";
import { postWebhook } from "./signed-webhook.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const [commit, name] = process.argv.slice(2);
if (commit === undefined || name === undefined) throw new Error("a commit and a name are expected");

const tree = mkdtempSync(join(tmpdir(), "rockpool-old-"));
execFileSync("git", ["worktree", "add", "--detach", tree, commit], { cwd: ROOT, stdio: "inherit" });
execFileSync(join(tree, "bin", "with-node"), ["-e", "0"], { stdio: "inherit" });
const ollama = await startFakeOllama();
const rockpool = await startRockpool({ root: tree, modelUrl: ollama.url });
try {
  for (const text of ["an old message", "一条旧消息", "/status"]) await rockpool.run(["say", text]);
  const add = ["channel", "add", "webhook", "--name", "old", "--access", "open", "--json"];
  const added = JSON.parse((await rockpool.run(add)).stdout);
  const message = { id: "m1", conversation: "c1", user: "ada", text: "from a webhook" };
  await postWebhook(added.webhookUrl, added.generated.secret, message, { query: "?wait=1" });
  await rockpool.stop();
  const folder = join(ROOT, "test", "fixtures", "old-data", name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const archive = join(folder, "backup.tar.gz");
  process.stdout.write((await rockpool.run(["backup", "--out", archive])).stdout);
  const key = readFileSync(join(rockpool.dataDir, "master.key")).toString("hex");
  writeFileSync(join(folder, "master.key.hex"), `${key}\n`);
} finally {
  await rockpool.discard();
  await ollama.close();
  execFileSync("git", ["worktree", "remove", "--force", tree], { cwd: ROOT });
}

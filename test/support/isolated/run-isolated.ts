/** Runs a program of a test in a network of its own, where the machine allows that, and hands its result over. */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const SETUP = join(import.meta.dirname, "network.sh");
/** With processes of its own, too: whatever the program leaves behind ends with it. */
const OWN_NETWORK = ["-rnmpf", "--kill-child", "sh"];
const RESOLV = "nameserver 11.0.0.53\noptions timeout:1 attempts:1\n";

/** One sentence where no network of its own can be had here; undefined where it can. */
export function whyNotIsolated(): string | undefined {
  for (const tool of ["unshare", "ip", "perl"])
    if (spawnSync(tool, ["--version"], { stdio: "ignore" }).error)
      return `there is no ${tool} here`;
  return withResolv((resolv) => {
    const tried = spawnSync("unshare", [...OWN_NETWORK, SETUP, resolv, "true"], {
      encoding: "utf8",
    });
    return tried.status === 0 ? undefined : `no network can be made here: ${tried.stderr.trim()}`;
  });
}

/** The program's result: what it wrote with {@link reportResult}. Throws with all that it said where it wrote none. */
export async function runIsolated<Result>(program: string, argument: unknown): Promise<Result> {
  const dir = mkdtempSync(join(tmpdir(), "rockpool-isolated-"));
  try {
    const resolv = join(dir, "resolv.conf");
    const result = join(dir, "result.json");
    writeFileSync(resolv, RESOLV);
    const words = [process.execPath, "--disable-warning=ExperimentalWarning", program, result];
    const child = spawn("unshare", [
      ...OWN_NETWORK,
      SETUP,
      resolv,
      ...words,
      JSON.stringify(argument),
    ]);
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        said += text;
      });
    const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
    if (status !== 0) throw new Error(`the program ended with ${status}:\n${said}`);
    return JSON.parse(readFileSync(result, "utf8")) as Result; // written by the program of the same source
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** In the program. */
export function reportResult(result: unknown): void {
  writeFileSync(process.argv[2] ?? "", JSON.stringify(result));
}

/** In the program. */
export function isolatedArgument<Argument>(): Argument {
  return JSON.parse(process.argv[3] ?? "null") as Argument; // as above
}

function withResolv<Result>(work: (file: string) => Result): Result {
  const dir = mkdtempSync(join(tmpdir(), "rockpool-resolv-"));
  const file = join(dir, "resolv.conf");
  writeFileSync(file, RESOLV);
  try {
    return work(file);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The program of the built-in model server with the real engine, on a folder of its own with the story model. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prepareDataFolder } from "../../local-runtime/data-folder.ts";
import { writeLibrary } from "../../local-runtime/model-server/library.ts";

export const ROOT = join(import.meta.dirname, "..", "..");
export const STORIES = join(ROOT, "test", "fixtures", "models", "stories260K.gguf");

export interface ModelServerProcess {
  url: string;
  pid: number;
  /** As the supervisor's end does; settles when the program has ended. */
  closeInput(): Promise<number | null>;
  discard(): void;
}

export async function startModelServer(): Promise<ModelServerProcess> {
  const dir = mkdtempSync(join(tmpdir(), "rockpool-model-server-"));
  const folder = prepareDataFolder(join(dir, "data"));
  writeLibrary(folder, { models: [{ name: "stories", file: STORIES }] });
  const program = join(ROOT, "local-runtime", "model-server", "main.ts");
  const child = spawn(process.execPath, [program, ROOT, folder.root, "0"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.setEncoding("utf8").once("data", (text: string) => {
      resolve(Number(/"port":(\d+)/.exec(text)?.[1]));
    });
    void ended.then((code) => reject(new Error(`the model server ended with ${code}`)));
  });
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    closeInput: async () => {
      child.stdin.end();
      return await ended;
    },
    discard: () => {
      child.kill("SIGKILL");
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

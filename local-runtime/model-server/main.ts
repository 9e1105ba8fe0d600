/**
 * The program of the built-in model server. `rockpool up` starts it; arguments: project folder, data folder, port. It
 * says on standard output where it listens, and ends when its standard input does: with the supervisor, however that ends.
 */
import type { AddressInfo } from "node:net";
import { dataFolderAt } from "../data-folder.ts";
import { rockpoolVersion } from "../versions.ts";
import { loadLibrary, modelFile } from "./library.ts";
import { openLlamaEngine } from "./llama-engine.ts";
import { createModelServer } from "./server.ts";

const [root = "", dataDir = "", port = "0"] = process.argv.slice(2);
const folder = dataFolderAt(dataDir);

// Nothing is to be saved: whoever waits for an answer asks again.
process.stdin.resume().once("close", () => process.exit(0));
process.once("SIGTERM", () => process.exit(0));

const server = createModelServer({
  engine: await openLlamaEngine(root),
  models: () =>
    loadLibrary(folder).models.map((model) => ({ ...model, file: modelFile(folder, model) })),
  version: rockpoolVersion(root),
});
server.listen({ host: "127.0.0.1", port: Number(port) }, () => {
  const address = server.address() as AddressInfo; // it listens on a port, not on a socket file
  process.stdout.write(`${JSON.stringify({ event: "listen", port: address.port })}\n`);
});

/** Looks at each of the model servers that ROCKPOOL_MODEL_SERVERS names, as the Worker would ask it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import {
  listModelServers,
  type ModelServerSpec,
  modelKeyBinding,
  parseModelServers,
  placeOf,
} from "../../src/config/model-servers.ts";
import type { DataFolder } from "../data-folder.ts";
import { findModelKeys, findTranscribeKey } from "../keys/model-keys.ts";
import type { Settings } from "../settings.ts";
import { type Finding, failure, ok, warn } from "./check.ts";

const ANSWER_TIMEOUT_MS = 5_000;

const ListSchema = v.union([
  v.pipe(
    v.object({ models: v.array(v.object({ name: v.string() })) }),
    v.transform(({ models }) => models.length),
  ),
  v.pipe(
    v.object({ data: v.array(v.object({ id: v.string() })) }),
    v.transform(({ data }) => data.length),
  ),
]);

export async function checkModelServers(
  { options }: Settings,
  folder: DataFolder,
): Promise<Finding[]> {
  const servers = listModelServers(options);
  const named = new Set(parseModelServers(options.ROCKPOOL_MODEL_SERVERS).map(({ name }) => name));
  try {
    const keys = findModelKeys(folder, servers);
    findTranscribeKey(folder, options);
    return await Promise.all(
      servers.flatMap((server, index) =>
        named.has(server.name) ? [checkServer(server, keys[modelKeyBinding(index)])] : [],
      ),
    );
  } catch (error) {
    return [failure("Model servers", error)];
  }
}

async function checkServer(server: ModelServerSpec, keyFile: string | undefined): Promise<Finding> {
  const what = `Model server ${server.name}`;
  const where = `${server.url}${placeOf(server.url) === "public" ? ", a public address" : ""}`;
  const fix = `Start it, or correct its entry in ROCKPOOL_MODEL_SERVERS. A key belongs into ${join("model-keys", server.name)} of the data folder.`;
  try {
    const response = await fetch(listAddress(server), {
      headers: keyFile === undefined ? {} : { authorization: `Bearer ${readKey(keyFile)}` },
      redirect: "manual",
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    if (response.status === 401) return warn(what, `it does not take the key (${where})`, fix);
    const count = v.parse(ListSchema, await response.json());
    return ok(what, `${count} listed at ${where}`);
  } catch {
    return warn(what, `no server of the kind ${server.kind} answers at ${where}`, fix);
  }
}

function readKey(file: string): string {
  return readFileSync(file, "utf8").trim();
}

function listAddress({ kind, url }: ModelServerSpec): string {
  return kind === "ollama" ? `${url}/api/tags` : `${url.replace(/\/v1$/, "")}/v1/models`;
}

/** What the command, the options and the files beside it hold. */
import { readFileSync } from "node:fs";
import { decodeHeader, encodeHeader } from "../../../local-runtime/backup/backup-archive-header.ts";
import { parseExpiry } from "../../../local-runtime/expiry.ts";
import { parseYaml, renderYaml } from "../../../local-runtime/flow-file.ts";
import { parseLogLine } from "../../../local-runtime/logs/output-lines.ts";
import { BadRequest, parseChat, parseEmbed } from "../../../local-runtime/model-server/requests.ts";
import { parseCapnpText } from "../../../local-runtime/workerd-config/capnp-text.ts";
import { parseWranglerConfig } from "../../../local-runtime/workerd-config/wrangler-config.ts";
import { loadOptions } from "../../../src/config/load.ts";
import { OPTIONS, type OptionName } from "../../../src/config/options.ts";
import { parseTimeZone } from "../../../src/core/time-zone.ts";
import { writeFlow } from "../flows/small-flow.ts";
import { type FuzzedParser, fuzzBytes, fuzzJson, fuzzText, named } from "./fuzzed-parser.ts";

const CONFIG = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [ (name = "main", worker = (modules = [ (name = "a", esModule = embed "a.js") ], limit = -2.5, bindings = [ (name = "X", text = "\\n\\x41") ])) ],
  sockets = [ (name = "http", address = "*:8080", http = (style = proxy), service = "main") ]
);`;

const CHAT = {
  model: "tiny",
  stream: true,
  keep_alive: "5m",
  options: { num_ctx: 2048, num_predict: 10 },
  messages: [{ role: "user", content: "hi" }],
};

/** Each option gets the faulty value of each: what one takes another refuses. */
function loadEverywhere(text: string) {
  const names = Object.keys(OPTIONS) as OptionName[]; // Object.keys widens the table's keys to string
  return loadOptions(Object.fromEntries(names.map((name) => [name, text])));
}

const header = encodeHeader(
  { path: "objects/session/a.sqlite", sizeBytes: 4096 },
  1_700_000_000_000,
);
const isHostError = named("HostError");

export const HOST: readonly FuzzedParser[] = [
  fuzzText(
    "options",
    [
      "127.0.0.1",
      "8787",
      "http://127.0.0.1:11434",
      "lan*2=ollama+http://192.168.1.5:11434,cpp=openai+https://a.example",
      "chat:3b,chat:8b@lan",
      "Europe/Berlin",
      "secret,card",
      "10.0.0.0/8",
    ],
    loadEverywhere,
    { runs: 4_000 },
  ),
  fuzzText("time zones", ["Europe/Berlin", "UTC", "+02:00"], parseTimeZone, { runs: 4_000 }),
  fuzzText("configs of workerd", [CONFIG], parseCapnpText, { isRefusal: isHostError }),
  fuzzText("wrangler.toml", [readFileSync("wrangler.toml", "utf8")], parseWranglerConfig, {
    isRefusal: isHostError,
    runs: 2_000,
  }),
  fuzzText("flows in YAML", [renderYaml(writeFlow())], parseYaml, {
    isRefusal: (error) => error instanceof Error,
    runs: 2_000,
  }),
  fuzzBytes("headers of archives", [header], (bytes) => decodeHeader(Buffer.from(bytes))),
  fuzzText(
    "lines of the log",
    ['{"time":"2026-11-21T10:00:00Z","level":"info","type":"request","ms":1}'],
    parseLogLine,
  ),
  fuzzText(
    "times of expiry",
    ["30d", "12h", "2026-12-01"],
    (text) => parseExpiry(text, 1_763_700_000_000),
    {
      isRefusal: named("HostError", "CommanderError", "InvalidArgumentError"),
    },
  ),
  fuzzJson("chats of the built-in model server", [CHAT], parseChat, {
    isRefusal: (error) => error instanceof BadRequest,
  }),
  fuzzJson(
    "embeddings of the built-in model server",
    [{ model: "tiny", input: ["a", "b"] }],
    parseEmbed,
    {
      isRefusal: (error) => error instanceof BadRequest,
    },
  ),
];

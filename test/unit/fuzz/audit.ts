/** Exports of the audit log, as anybody may hand them in. */
import { parseCheckpoint, verifyStream } from "../../../local-runtime/audit/verify-stream.ts";
import { renderCheckpoint } from "../../../src/core/audit-record.ts";
import { SignedLog } from "../../support/signed-log.ts";
import { type FuzzedParser, fuzzBytes, fuzzText } from "./fuzzed-parser.ts";

const LOG = new SignedLog()
  .add({ action: "box.started" })
  .add({ userId: "u1", ip: "192.0.2.7", metadata: { name: "laptop" }, personal: { name: "Ada" } });
const EXPORT = new Uint8Array(Buffer.from(`${LOG.lines().join("\n")}\n`));

export const AUDIT: readonly FuzzedParser[] = [
  fuzzBytes("exports of the audit log", [EXPORT], (bytes) => verifyStream([bytes]), {
    runs: 3_000,
  }),
  fuzzText("checkpoints of the audit log", [renderCheckpoint(LOG.checkpoint())], parseCheckpoint, {
    runs: 3_000,
  }),
];

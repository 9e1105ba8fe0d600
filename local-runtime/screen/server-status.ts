/** Asks the running server how it fares. */
import * as v from "valibot";
import { ERRORS, type ErrorCode } from "../../src/core/errors.ts";
import { callAdmin } from "../admin/admin-client.ts";
import { AccountSchema } from "../admin/admin-client-replies.ts";

/** The model server is asked in passing; it answers, or not, within this. */
const STATUS_TIMEOUT_MS = 15_000;

const ErrorCodeSchema = v.custom<ErrorCode>(
  (value) => typeof value === "string" && Object.hasOwn(ERRORS, value),
);

const InstalledModelSchema = v.object({ name: v.string() });

const servers = v.exactOptional(
  v.array(v.object({ name: v.string(), status: v.picklist(["up", "down"]) })),
);

/** Of all servers together. */
const queue = v.exactOptional(
  v.object({ slots: v.number(), busy: v.number(), waiting: v.number() }),
);

const StatusSchema = v.object({
  version: v.string(),
  publicUrl: v.string(),
  modelUrl: v.string(),
  model: v.variant("status", [
    v.object({
      status: v.literal("up"),
      version: v.string(),
      models: v.array(InstalledModelSchema),
      chosen: v.exactOptional(v.string()),
      aliases: v.exactOptional(
        v.array(v.object({ alias: v.string(), model: v.exactOptional(v.string()) })),
      ),
      pressure: v.exactOptional(v.object({ freePercent: v.number(), model: v.string() })),
      servers,
      queue,
    }),
    v.object({ status: v.literal("down"), code: ErrorCodeSchema, servers, queue }),
  ]),
  accounts: v.array(AccountSchema),
  people: v.number(),
  pendingPairings: v.number(),
  journalBacklog: v.number(),
  ownerKnown: v.boolean(),
});

/** The part of AdminStatus (src/core/admin-protocol.ts) that people are shown. */
export type ServerStatus = v.InferOutput<typeof StatusSchema>;
export type ModelSummary = ServerStatus["model"];

export async function loadServerStatus(adminSocket: string): Promise<ServerStatus> {
  return await callAdmin(adminSocket, {
    method: "GET",
    path: "/status",
    reply: StatusSchema,
    timeoutMs: STATUS_TIMEOUT_MS,
  });
}

/** Schemas of what the admin socket answers, held to the types of core/admin-protocol.ts and core/stream.ts. */
import * as v from "valibot";
import type {
  AccountAdded,
  AccountSummary,
  AccountTest,
  ApiKeyCreated,
  ApiKeySummary,
  FlowAdded,
  FlowShown,
  FlowSummary,
  KeyStatus,
  OwnerLink,
  PairingDecided,
  PendingPairing,
  PersonSummary,
} from "../../src/core/admin-protocol.ts";
import { API_SCOPES } from "../../src/core/api-keys.ts";
import type { HandoverSummary } from "../../src/core/handover.ts";
import { QUOTA_NAMES } from "../../src/core/quotas.ts";
import { ROLES } from "../../src/core/roles.ts";
import { type DeviceSummary, SIGN_IN_METHODS } from "../../src/core/sign-in-protocol.ts";
import type { StreamEvent } from "../../src/core/stream.ts";

export const AccountSchema: v.GenericSchema<unknown, AccountSummary> = v.object({
  channel: v.string(),
  name: v.string(),
  access: v.picklist(["pairing", "allowlist", "open"]),
  transport: v.picklist(["webhook", "poll", "local"]),
  apiBase: v.exactOptional(v.string()),
  settings: v.record(v.string(), v.string()),
  secretsSet: v.array(v.string()),
  self: v.exactOptional(v.object({ id: v.string(), name: v.string() })),
  webhookPath: v.string(),
  addedAtMs: v.number(),
});

export const AccountsSchema: v.GenericSchema<unknown, AccountSummary[]> = v.array(AccountSchema);

export const AccountAddedSchema: v.GenericSchema<unknown, AccountAdded> = v.object({
  account: AccountSchema,
  done: v.array(v.string()),
  generated: v.record(v.string(), v.string()),
});

export const AccountTestSchema: v.GenericSchema<unknown, AccountTest> = v.object({
  ok: v.boolean(),
  done: v.array(v.string()),
  problem: v.exactOptional(v.string()),
});

export const PendingPairingsSchema: v.GenericSchema<unknown, PendingPairing[]> = v.array(
  v.object({
    code: v.string(),
    channel: v.string(),
    account: v.string(),
    senderName: v.string(),
    expiresAtMs: v.number(),
  }),
);

export const PairingDecidedSchema: v.GenericSchema<unknown, PairingDecided> = v.object({
  channel: v.string(),
  account: v.string(),
  senderName: v.string(),
  decision: v.picklist(["approved", "denied"]),
});

export const DevicesSchema: v.GenericSchema<unknown, DeviceSummary[]> = v.array(
  v.object({
    id: v.string(),
    name: v.string(),
    method: v.picklist(SIGN_IN_METHODS),
    signedInAtMs: v.number(),
    lastSeenAtMs: v.number(),
    isThis: v.boolean(),
  }),
);

export const OwnerLinkSchema: v.GenericSchema<unknown, OwnerLink> = v.object({
  token: v.string(),
  expiresAtMs: v.number(),
});

const flowSummary = {
  name: v.string(),
  version: v.number(),
  title: v.object({ en: v.string(), zh: v.string() }),
  phrases: v.array(v.string()),
  keywords: v.array(v.string()),
  states: v.number(),
  changedAtMs: v.number(),
};
const FlowSchema: v.GenericSchema<unknown, FlowSummary> = v.object(flowSummary);
export const FlowsSchema: v.GenericSchema<unknown, FlowSummary[]> = v.array(FlowSchema);
export const FlowShownSchema: v.GenericSchema<unknown, FlowShown> = v.object({
  ...flowSummary,
  definition: v.unknown(),
});
export const FlowAddedSchema: v.GenericSchema<unknown, FlowAdded> = v.object({
  flow: FlowSchema,
  change: v.picklist(["added", "changed", "unchanged"]),
});

export const HandoversSchema: v.GenericSchema<unknown, HandoverSummary[]> = v.array(
  v.object({
    number: v.number(),
    name: v.string(),
    channel: v.string(),
    flow: v.string(),
    openedAtMs: v.number(),
    answeredBy: v.nullable(v.string()),
  }),
);

const ApiKeySchema: v.GenericSchema<unknown, ApiKeySummary> = v.object({
  name: v.string(),
  start: v.string(),
  person: v.string(),
  scopes: v.array(v.picklist(API_SCOPES)),
  model: v.exactOptional(v.string()),
  cacheAnswersMs: v.exactOptional(v.number()),
  createdAtMs: v.number(),
  expiresAtMs: v.exactOptional(v.number()),
  lastUsedDay: v.exactOptional(v.string()),
});

export const ApiKeysSchema: v.GenericSchema<unknown, ApiKeySummary[]> = v.array(ApiKeySchema);

export const ApiKeyCreatedSchema: v.GenericSchema<unknown, ApiKeyCreated> = v.object({
  key: v.string(),
  apiKey: ApiKeySchema,
});

export const PersonSchema: v.GenericSchema<unknown, PersonSummary> = v.object({
  id: v.pipe(
    v.string(),
    v.transform((id) => id as PersonSummary["id"]), // the server's own
  ),
  role: v.picklist(ROLES),
  name: v.string(),
  lang: v.picklist(["en", "zh"]),
  accounts: v.array(v.string()),
  channels: v.array(v.string()),
  models: v.array(v.string()),
  limits: v.record(v.picklist(QUOTA_NAMES), v.nullable(v.number())),
  createdAtMs: v.number(),
});

export const PeopleSchema: v.GenericSchema<unknown, PersonSummary[]> = v.array(PersonSchema);

export const ProblemSchema = v.object({
  code: v.string(),
  detail: v.string(),
  fix: v.string(),
  errors: v.optional(v.array(v.object({ path: v.string(), message: v.string() }))),
});

const MediaSchema = v.object({
  kind: v.picklist(["image", "audio", "voice", "video", "file", "sticker"]),
  id: v.exactOptional(v.string()),
  fileId: v.exactOptional(v.string()),
  mime: v.exactOptional(v.string()),
  name: v.exactOptional(v.string()),
  sizeBytes: v.exactOptional(v.number()),
  durationMs: v.exactOptional(v.number()),
});

const MessageSchema = v.object({
  seq: v.number(),
  id: v.string(),
  role: v.picklist(["user", "assistant"]),
  text: v.string(),
  atMs: v.number(),
  channel: v.string(),
  sender: v.exactOptional(v.string()),
  media: v.array(MediaSchema),
  cut: v.exactOptional(v.picklist(["stopped", "error"])),
});

export const StreamEventSchema: v.GenericSchema<unknown, StreamEvent> = v.variant("type", [
  v.object({ type: v.literal("ready"), seq: v.number() }),
  v.object({ type: v.literal("message"), message: MessageSchema }),
  v.object({
    type: v.literal("turn"),
    turnId: v.string(),
    text: v.string(),
    state: v.picklist(["thinking", "answering", "waiting"]),
    place: v.exactOptional(v.object({ position: v.number(), etaMs: v.exactOptional(v.number()) })),
  }),
  v.object({
    type: v.literal("delta"),
    turnId: v.string(),
    offset: v.number(),
    text: v.string(),
  }),
  v.object({ type: v.literal("end"), turnId: v.string() }),
]);

export const KeyStatusSchema: v.GenericSchema<unknown, KeyStatus> = v.object({
  dataKeys: v.number(),
  oldDataKeys: v.number(),
  newestAtMs: v.number(),
  personKeys: v.number(),
  destroyed: v.number(),
  masterId: v.exactOptional(v.string()),
  messages: v.number(),
  oldMessages: v.number(),
});

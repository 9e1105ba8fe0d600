/**
 * The steps of an erasure, each of which may run again after a kill: first nobody lets the person in any more, then
 * conversations, log, audit log and keys let go, and at last a receipt is signed.
 */
import { auditEvent, NO_ACTOR } from "../../core/audit.ts";
import { type ErasureReceipt, type ErasureStep, signedReceiptText } from "../../core/erasure.ts";
import type { PersonId } from "../../core/ids.ts";
import { renderTimestamp } from "../../core/time-zone.ts";
import type { Env } from "../../env.ts";
import { openAudit, recordAudit } from "../audit/audit-client.ts";
import { dropSessions, openCredentials } from "../credentials/credentials-client.ts";
import { forgetDirectory, openDirectory } from "../directory/directory-client.ts";
import { openOptions } from "../isolate.ts";
import { destroyPersonKey } from "../vault/person-keys.ts";
import { openVault } from "../vault/vault-client.ts";
import type { ErasureProgress, ErasureRows } from "./erasure-rows.ts";
import { findTalks } from "./find-talks.ts";

/** Until then what was under way when the erasure began is in the log, where it is found. */
export const SETTLE_MS = 2_500;

export interface ErasureDeps {
  env: Env;
  rows: ErasureRows;
  nowMs(): number;
}

/** Undefined: the same step once more. A number: not before this time. */
type Next = ErasureStep | "done" | { untilMs: number };

type Step = (deps: ErasureDeps, progress: ErasureProgress) => Promise<Next>;

export const RUN_STEP: Readonly<Record<ErasureStep, Step>> = {
  close,
  find,
  conversations: eraseConversations,
  log: eraseLog,
  settle,
  audit: eraseAudit,
  keys: destroyKeys,
  receipt: signReceipt,
};

async function close({ env }: ErasureDeps, progress: ErasureProgress): Promise<Next> {
  progress.ids = await openVault(env).idsOf(progress.personId);
  if (!progress.ids.includes(progress.personId)) progress.ids.push(progress.personId);
  const identities = await openDirectory(env).erasePerson(progress.ids);
  // After a kill in between there is nothing left to count.
  progress.identities = Math.max(progress.identities, identities);
  forgetDirectory();
  for (const id of progress.ids) dropSessions(await openCredentials(env).forget(id));
  return "find";
}

async function find({ env, rows }: ErasureDeps, { ids }: ErasureProgress): Promise<Next> {
  for (const session of await findTalks(env, ids)) {
    const { messages, files } = await env.SESSION.getByName(session).countPerson(ids);
    rows.addConversation({ session, messages, files });
  }
  return "conversations";
}

async function eraseConversations(
  { env, rows }: ErasureDeps,
  { ids }: ErasureProgress,
): Promise<Next> {
  for (let session = rows.nextConversation(); session; session = rows.nextConversation()) {
    const { isEmpty } = await env.SESSION.getByName(session).erasePerson(ids);
    rows.finishConversation(session, isEmpty);
  }
  return "log";
}

async function eraseLog(
  { env, rows, nowMs }: ErasureDeps,
  progress: ErasureProgress,
): Promise<Next> {
  const sessionIds = rows.emptyConversations();
  await env.JOURNAL.getByName("journal").append([
    { kind: "erase", personIds: progress.ids, sessionIds },
  ]);
  if (progress.settledAtMs === undefined) {
    progress.settledAtMs = nowMs() + SETTLE_MS;
    return "settle";
  }
  return "audit";
}

/** Once more from the beginning, for what was said, remembered, listed or logged while the erasure began. */
async function settle({ nowMs }: ErasureDeps, { settledAtMs = 0 }: ErasureProgress): Promise<Next> {
  return nowMs() < settledAtMs ? { untilMs: settledAtMs } : "close";
}

async function eraseAudit({ env }: ErasureDeps, { ids, personId }: ErasureProgress): Promise<Next> {
  const audit = openAudit(env);
  let entries = 0;
  for (const id of ids) entries += await audit.erasePersonal(id);
  // One for each id: a verifier asks of each value that is gone whose it was.
  const events = ids.map((id: PersonId) => ({
    ...auditEvent("person.erased", NO_ACTOR, { entries }, { subjectId: id }),
    id: `erased-${personId}-${id}`,
  }));
  await recordAudit(env, ...events);
  return "keys";
}

async function destroyKeys({ env }: ErasureDeps, { ids }: ErasureProgress): Promise<Next> {
  for (const id of ids) await destroyPersonKey(env, id);
  return "receipt";
}

async function signReceipt(
  { env, rows, nowMs }: ErasureDeps,
  progress: ErasureProgress,
): Promise<Next> {
  const zone = openOptions(env).ROCKPOOL_TIME_ZONE;
  const audit = openAudit(env);
  const unsigned: Omit<ErasureReceipt, "signature"> = {
    kind: "rockpool-erasure",
    version: 1,
    person_id: progress.personId,
    requested_at: renderTimestamp(progress.requestedAtMs, zone),
    finished_at: renderTimestamp(nowMs(), zone),
    ...rows.counts(),
    identities: progress.identities,
    public_key: await audit.publicKey(),
  };
  const { signature } = await audit.sign(signedReceiptText(unsigned));
  progress.receipt = { ...unsigned, signature };
  rows.forgetConversations();
  return "done";
}

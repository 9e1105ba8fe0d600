/** `/export`: a link to a copy of everything, or word to the owner where the box has no address to give. */
import { auditEvent } from "../../core/audit.ts";
import { errorCode } from "../../core/errors.ts";
import { parseAccountKey } from "../../core/ids.ts";
import { type OwnExportAsked, renderExportLink } from "../../core/own-export.ts";
import { escapeMarkdown } from "../../flows/escape-markdown.ts";
import { phrase } from "../../phrases/phrase.ts";
import { recordAudit } from "../audit/audit-client.ts";
import { openOptions } from "../isolate.ts";
import { askOwnExport } from "../person-data/own-export.ts";
import type { Work } from "../session/work-head.ts";

/** `later` is done in the transaction that ends the command. Asking twice for one command makes one link: the last. */
export async function answerExport(
  work: Work,
  later: (change: () => void) => void,
): Promise<OwnExportAsked> {
  const publicUrl = openOptions(work.parts.env).ROCKPOOL_PUBLIC_URL;
  if (publicUrl === "") {
    await tellOwner(work, later);
    return { status: "owner_asked" };
  }
  try {
    return { status: "made", link: renderExportLink(publicUrl, await makeLink(work)) };
  } catch (error) {
    const code = errorCode(error);
    if (code === "export/too_many") return { status: "too_many" };
    if (code === "export/busy") return { status: "busy" };
    throw error;
  }
}

/** Nobody is told the link before the audit log has it. */
async function makeLink({ parts, row, request }: Work): Promise<string> {
  const { personId } = request.speaker;
  const askedBy = `export-${row.turnId}`;
  const token = await askOwnExport(parts.env, { personId, kind: "link", askedBy });
  const { channel } = parseAccountKey(request.account);
  const event = auditEvent("exportlink.made", { userId: personId, ip: null }, { channel });
  await recordAudit(parts.env, { ...event, id: askedBy });
  return token;
}

async function tellOwner(
  { parts, row, request }: Work,
  later: (change: () => void) => void,
): Promise<void> {
  const { name, personId } = request.speaker;
  const values = { name: escapeMarkdown(name), id: personId };
  const body = {
    en: phrase("en", "exportWanted", values),
    zh: phrase("zh", "exportWanted", values),
  };
  const sealed = await parts.notices.seal(row.turnId, body, personId);
  later(() => parts.notices.add(row.turnId, sealed, parts.nowMs()));
}

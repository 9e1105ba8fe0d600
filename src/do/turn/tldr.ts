/**
 * What `/tldr` is to read: the files of its own message, the page that it names, the message that it answers to, or the
 * newest document of the conversation.
 */
import { type FetchedPage, findPageUrls, parsePageUrl } from "../../core/web-page.ts";
import { documentKind } from "../../documents/kind.ts";
import { readPageText } from "../../documents/page-text.ts";
import { cutText } from "../../documents/read-document.ts";
import { phrase } from "../../phrases/phrase.ts";
import { isAllowed } from "../../security/permissions.ts";
import { userMessageId } from "../session/turn-names.ts";
import type { TurnWork } from "./end-turn.ts";
import { openPages } from "./open-tools.ts";
import { type DocumentsRead, readDocuments } from "./read-documents.ts";

/** `args` are the words after the command; the message's own files were looked at. */
export async function findTldr(work: TurnWork, args: string): Promise<DocumentsRead> {
  const { lang } = work.request.speaker;
  const [url] = findPageUrls([args]);
  if (url !== undefined) return readPage(work, url);
  const found = (await findAnswered(work)) ?? (await findNewest(work));
  return found ?? { documents: [], problems: [phrase(lang, "tldrUsage")] };
}

/** The words of the command without the addresses in it: what is asked of the document. */
export function questionOf(args: string): string {
  return args.replace(/https:\/\/\S+/gi, "").trim();
}

async function readPage(
  { parts, request, running }: TurnWork,
  url: string,
): Promise<DocumentsRead> {
  const { lang } = request.speaker;
  const mayFetch = isAllowed(request.speaker.role, "web:fetch");
  const pages = mayFetch ? openPages(parts.env, [url]) : undefined;
  const wanted = parsePageUrl(url);
  if (!pages || !wanted) return { documents: [], problems: [phrase(lang, "tldrWebOff")] };
  const page = await pages.fetch(wanted, running.controller.signal);
  const text = page.status === "refused" ? "" : textOf(page);
  if (page.status === "refused" || text === "")
    return { documents: [], problems: [phrase(lang, "tldrNoPage")] };
  const document = { name: page.url, ...cutText({ text, isCut: page.isCut }) };
  return { documents: [document], problems: [] };
}

function textOf({ type, text }: Extract<FetchedPage, { status: "fetched" }>): string {
  return type === "html" ? readPageText(text) : text.trim();
}

/** The message that this one answers to: its documents, or its words. */
async function findAnswered({ parts, request }: TurnWork): Promise<DocumentsRead | undefined> {
  const { event, account, speaker } = request;
  const replyTo = event.kind === "stop" ? undefined : event.message.replyTo;
  if (!replyTo) return undefined;
  const turnId = parts.inbox.findTurn(`${account}|${replyTo.id}`);
  const answered = turnId && (await parts.history.openUser(userMessageId(turnId)));
  const read = await readDocuments(parts, answered?.body.media ?? [], speaker.lang);
  if (read.documents.length > 0 || read.problems.length > 0) return read;
  const text = (answered?.body.text ?? replyTo.text ?? "").trim();
  const name = phrase(speaker.lang, "tldrMessage");
  return text === "" ? undefined : { documents: [{ name, text, isCut: false }], problems: [] };
}

async function findNewest({ parts, request }: TurnWork): Promise<DocumentsRead | undefined> {
  for await (const media of parts.files.newestFirst())
    if (documentKind(media)) return readDocuments(parts, [media], request.speaker.lang);
  return undefined;
}

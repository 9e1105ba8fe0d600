/** Which files are documents that can be read, by what the platform says of them. What they hold is looked at later. Pure. */
import type { MediaRef } from "../core/message.ts";

export type DocumentKind = "text" | "html" | "docx" | "pdf";

const BY_MIME: Readonly<Record<string, DocumentKind>> = {
  "text/html": "html",
  "application/xhtml+xml": "html",
  "application/pdf": "pdf",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
  "application/json": "text",
  "application/x-ndjson": "text",
  "application/xml": "text",
  "application/yaml": "text",
  "application/x-yaml": "text",
  "application/toml": "text",
};

const BY_ENDING: Readonly<Record<string, DocumentKind>> = {
  html: "html",
  htm: "html",
  xhtml: "html",
  pdf: "pdf",
  docx: "docx",
};

const TEXT_ENDINGS: ReadonlySet<string> = new Set(
  "txt md markdown csv tsv json jsonl ndjson xml yaml yml toml ini log srt vtt tex rst org".split(
    " ",
  ),
);

/** Types that say nothing of what a file is. */
const VAGUE: ReadonlySet<string> = new Set(["", "application/octet-stream", "binary/octet-stream"]);

/** Undefined for what is no document, or one of a form that is not read here. */
export function documentKind({
  kind,
  mime = "",
  name = "",
}: Pick<MediaRef, "kind" | "mime" | "name">): DocumentKind | undefined {
  if (kind !== "file") return undefined;
  const type = mime.split(";")[0]?.trim().toLowerCase() ?? "";
  const known = Object.hasOwn(BY_MIME, type) ? BY_MIME[type] : undefined;
  if (known) return known;
  if (type.startsWith("text/")) return "text";
  return VAGUE.has(type) ? kindByEnding(name) : undefined;
}

function kindByEnding(name: string): DocumentKind | undefined {
  const ending = /\.([a-z]{2,8})$/i.exec(name)?.[1]?.toLowerCase() ?? "";
  if (TEXT_ENDINGS.has(ending)) return "text";
  return Object.hasOwn(BY_ENDING, ending) ? BY_ENDING[ending] : undefined;
}

/** Any value of an export as readable HTML: objects as lists of names, rows that are flat as a table. Pure. */
import { escapeHtml } from "./export-page.ts";

const NOTHING = "–";

type Row = Readonly<Record<string, unknown>>;

/** Written by us alone, nested a few levels deep. */
export function renderRecord(value: unknown, name = ""): string {
  if (Array.isArray(value)) return renderList(value, name);
  return isRow(value) ? renderRow(value) : `<p>${renderWord(value, name)}</p>`;
}

function isRow(value: unknown): value is Row {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function renderList(values: readonly unknown[], name: string): string {
  if (values.length === 0) return `<p>${NOTHING}</p>`;
  if (values.every(isFlatRow)) return renderTable(values);
  return `<ul>${values.map((value) => `<li>${renderRecord(value, name)}</li>`).join("\n")}</ul>`;
}

function isFlatRow(value: unknown): value is Row {
  return isRow(value) && Object.values(value).every((each) => typeof each !== "object" || !each);
}

function renderTable(rows: readonly Row[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const head = names.map((name) => `<th>${renderName(name)}</th>`).join("");
  const lines = rows.map(
    (row) => `<tr>${names.map((name) => `<td>${renderWord(row[name], name)}</td>`).join("")}</tr>`,
  );
  return `<table><tr>${head}</tr>\n${lines.join("\n")}</table>`;
}

function renderRow(row: Row): string {
  const entries = Object.entries(row).filter(([, value]) => value !== undefined);
  if (entries.length === 0) return `<p>${NOTHING}</p>`;
  const items = entries.map(
    ([name, value]) => `<dt>${renderName(name)}</dt><dd>${renderRecord(value, name)}</dd>`,
  );
  return `<dl>${items.join("\n")}</dl>`;
}

/** `lastStepAtMs` is `last step at`. */
function renderName(name: string): string {
  const words = name
    .replace(/Ms$/, "")
    .replaceAll("_", " ")
    .replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return escapeHtml(words.trim());
}

function renderWord(value: unknown, name: string): string {
  if (value === null || value === undefined || value === "") return NOTHING;
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number" && name.endsWith("AtMs")) return new Date(value).toISOString();
  return escapeHtml(String(value));
}

/** The figures as a table for the terminal. */
import { type Figure, isMet } from "./figures.ts";

const HEADINGS = ["what", "figure", "ratio", "target", "met"];
const GAP = "  ";

export function renderTable(figures: readonly Figure[]): string {
  const rows = [HEADINGS, ...figures.map(renderRow)];
  const widths = HEADINGS.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => alignCell(cell, widths[column] ?? 0, column))
        .join(GAP)
        .trimEnd(),
    )
    .join("\n");
}

function renderRow(figure: Figure): string[] {
  const { what, value, unit, ratio, target } = figure;
  const met = isMet(figure);
  const limit = target && (target.of === "ratio" ? `${target.limit} ×` : `${target.limit} ${unit}`);
  return [
    what,
    `${renderNumber(value)} ${unit}`,
    ratio === undefined ? "" : `${ratio.toFixed(2)} ×`,
    target ? `${target.bound === "at least" ? "≥" : "≤"} ${limit}` : "",
    met === undefined ? "" : met ? "yes" : "NO",
  ];
}

/** Three figures that mean something are enough. */
function renderNumber(value: number): string {
  return value >= 100 ? Math.round(value).toString() : value.toFixed(value >= 10 ? 1 : 2);
}

/** Numbers to the right, words to the left. */
function alignCell(cell: string, width: number, column: number): string {
  return column === 1 || column === 2 ? cell.padStart(width) : cell.padEnd(width);
}

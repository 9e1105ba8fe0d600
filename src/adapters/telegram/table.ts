/** Draws a table as lines of equal columns, for the monospaced block that stands in for a table in Telegram. */

/** Wider cells are written in full, but do not widen the whole column. */
const MAX_COLUMN_WIDTH = 32;
/** Characters that take the room of two: Chinese, Japanese, Korean, full-width forms, pictures. */
const WIDE_CHARACTER =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/gu;

function widthOf(text: string): number {
  return (
    text.length + (text.match(WIDE_CHARACTER)?.filter((found) => found.length === 1).length ?? 0)
  );
}

function columnWidths(rows: readonly (readonly string[])[]): number[] {
  const widths: number[] = [];
  for (const row of rows)
    for (const [column, cell] of row.entries())
      widths[column] = Math.min(MAX_COLUMN_WIDTH, Math.max(widths[column] ?? 0, widthOf(cell)));
  return widths;
}

/** The first row is the head. */
export function drawTable(rows: readonly (readonly string[])[]): string {
  const widths = columnWidths(rows);
  const drawRow = (row: readonly string[]) =>
    row
      .map((cell, column) => cell + " ".repeat(Math.max(0, (widths[column] ?? 0) - widthOf(cell))))
      .join(" | ")
      .trimEnd();
  const rule = widths.map((width) => "-".repeat(width)).join("-+-");
  const [head = [], ...body] = rows;
  return [drawRow(head), rule, ...body.map(drawRow)].join("\n");
}

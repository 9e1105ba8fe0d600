/**
 * Server-sent events from text that arrives in pieces (HTML standard, 9.2.6): only the data is handed on; names, ids and
 * comments are for clients without a position of their own.
 */

/** A line longer than this is no event of ours. */
export const MAX_LINE_UNITS = 1024 * 1024;

export interface EventParser {
  /** The data of every event that `chunk` completes. Throws RangeError for a line beyond the limit. */
  push(chunk: string): string[];
}

export function createEventParser(): EventParser {
  let rest = "";
  let data: string[] = [];

  function takeLine(line: string): string | undefined {
    if (line === "") {
      const event = data.length > 0 ? data.join("\n") : undefined;
      data = [];
      return event;
    }
    if (line === "data") data.push("");
    else if (line.startsWith("data:")) data.push(line.slice(line[5] === " " ? 6 : 5));
    return undefined;
  }

  return {
    push(chunk) {
      const text = rest + chunk;
      // A carriage return at the very end may be half of a line end.
      const cut = text.endsWith("\r") ? text.length - 1 : text.length;
      const lines = text.slice(0, cut).split(/\r\n|\r|\n/);
      rest = (lines.pop() ?? "") + text.slice(cut);
      if (rest.length > MAX_LINE_UNITS || data.length > MAX_LINE_UNITS)
        throw new RangeError("The stream holds a line that is too long.");
      return lines.map(takeLine).filter((event) => event !== undefined);
    },
  };
}

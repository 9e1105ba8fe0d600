/** Server-sent events to the text of each event's data (WHATWG HTML, 9.2.6). Other fields are not used here. */

/** One event; a conversation's longest message fits. */
export const MAX_EVENT_UNITS = 4 * 1024 * 1024;

/** Throws a RangeError for an event past the limit. An event without its closing empty line is dropped. */
export async function* readEvents(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void> {
  let data: string[] = [];
  let units = 0;
  for await (const line of readLines(chunks)) {
    if (line.startsWith("data:")) {
      data.push(line.slice(line[5] === " " ? 6 : 5));
      units += line.length;
      if (units > MAX_EVENT_UNITS) throw tooLong();
    } else if (line === "" && data.length > 0) {
      yield data.join("\n");
      data = [];
      units = 0;
    }
  }
}

/** Lines end with LF, CR or CR LF, which may be cut between two chunks. */
async function* readLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    const whole = rest.endsWith("\r") ? rest.length - 1 : rest.length;
    const lines = rest.slice(0, whole).split(/\r\n|\n|\r/);
    rest = (lines.pop() ?? "") + rest.slice(whole);
    yield* lines;
    if (rest.length > MAX_EVENT_UNITS) throw tooLong();
  }
}

function tooLong(): RangeError {
  return new RangeError(`An event is longer than ${MAX_EVENT_UNITS} units.`);
}

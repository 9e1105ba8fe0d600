/** One streamed answer as a client sees it: when its first token came, when it was over, and that none was missing. */
import { Agent, request } from "node:http";
import { clockMs } from "./clock.ts";
import { WrongMeasurement } from "./wrong-measurement.ts";

const CALL_TIMEOUT_MS = 30_000;
/** Of what another answer says: enough for its code. */
const MAX_SHOWN_UNITS = 300;

export interface StreamTarget {
  url: string;
  headers: Record<string, string>;
  body: unknown;
  /** What stands once in the stream for each token, and before it. */
  mark: string;
}

export interface StreamTimes {
  startedAtMs: number;
  firstTokenMs: number;
  endedAtMs: number;
}

function countMarks(text: string, mark: string): number {
  return text.split(mark).length - 1;
}

export class StreamClient {
  readonly #agent = new Agent({ keepAlive: true });

  /** Throws a WrongMeasurement for another status, and for any other number of tokens. */
  read({ url, headers, body, mark }: StreamTarget, tokens: number): Promise<StreamTimes> {
    const startedAtMs = clockMs();
    let firstTokenMs: number | undefined;
    let text = "";
    return new Promise((resolve, reject) => {
      const fail = (what: string) => reject(new WrongMeasurement(`POST ${url}: ${what}`));
      const options = { method: "POST", agent: this.#agent, headers, timeout: CALL_TIMEOUT_MS };
      const call = request(url, options, (response) => {
        response.setEncoding("utf8");
        response.on("data", (piece: string) => {
          text += piece;
          if (text.includes(mark)) firstTokenMs ??= clockMs() - startedAtMs;
        });
        response.on("error", (error) => fail(error.message));
        response.on("end", () => {
          const found = countMarks(text, mark);
          if (response.statusCode !== 200)
            fail(`status ${response.statusCode}: ${text.slice(0, MAX_SHOWN_UNITS)}`);
          else if (found !== tokens) fail(`${found} tokens in place of ${tokens}`);
          else resolve({ startedAtMs, firstTokenMs: firstTokenMs ?? 0, endedAtMs: clockMs() });
        });
      });
      call.on("timeout", () => call.destroy(new Error("no answer in time")));
      call.on("error", (error) => fail(error.message));
      call.end(JSON.stringify(body));
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

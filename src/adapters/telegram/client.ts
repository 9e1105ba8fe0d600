/** One call to the Bot API through grammY's client, over the account's own fetch. Throws channel/*. */
import { Api } from "grammy";
import type { Account, Io } from "../adapter.ts";
import { readAnswer } from "./answer.ts";
import { channelError } from "./failure.ts";
import { apiRoot } from "./fields.ts";

/** How long an ordinary call may take. */
const CALL_TIMEOUT_MS = 30_000;

interface CallOptions {
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** What grammY hands its fetch, and what it reads of the response. */
type ApiFetch = (
  url: string,
  init: { headers: Record<string, string>; body: BodyInit },
) => Promise<{ json(): Promise<unknown> }>;

export function tokenOf(account: Account): string {
  return account.secrets.token ?? "";
}

/** grammY's own time-out and signal are left aside: its build for Node brings a signal that only node-fetch takes. */
function callSignal({ timeoutMs = CALL_TIMEOUT_MS, signal }: CallOptions): AbortSignal {
  const timeout = AbortSignal.timeout(timeoutMs);
  return signal ? AbortSignal.any([signal, timeout]) : timeout;
}

function createFetch(io: Io, options: CallOptions): ApiFetch {
  return async function fetchApi(url, { headers, body }) {
    const init = {
      method: "POST",
      headers: { "content-type": headers["content-type"] ?? "application/json" },
      body,
      signal: callSignal(options),
      duplex: "half", // a file is a stream, and Node asks for this word with one
    };
    const response = await io.fetch(url, init);
    return { json: () => readAnswer(response) };
  };
}

/** Runs `call` on a client of its own: making one costs a few microseconds, and none outlives its request. */
export async function callTelegram<T>(
  account: Account,
  io: Io,
  call: (api: Api) => Promise<T>,
  options: CallOptions = {},
): Promise<T> {
  const token = tokenOf(account);
  try {
    // grammY types its fetch as node-fetch's; it calls it as ApiFetch says.
    const fetchApi = createFetch(io, options) as unknown as typeof fetch;
    return await call(new Api(token, { apiRoot: apiRoot(account), fetch: fetchApi }));
  } catch (error) {
    throw channelError(error, token);
  }
}

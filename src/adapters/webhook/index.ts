/**
 * The generic webhook: any program posts signed JSON and gets the answer back by the same call (`?wait=1`), as a
 * stream, or at its own callback address.
 */
import { AppError, isAppError } from "../../core/errors.ts";
import type { Account, ChannelAdapter, Io, SetupReport } from "../adapter.ts";
import { WEBHOOK_DOC, WEBHOOK_TRANSPORTS, webhookFields } from "./fields.ts";
import { MAX_TEXT_UNITS, parse } from "./parse.ts";
import { postCallback, send } from "./send.ts";
import { verify } from "./verify.ts";

/** Holds the longest text with each unit escaped as \uXXXX, and the rest of the body. */
const MAX_BODY_BYTES = 1_048_576;

export const webhook: ChannelAdapter = {
  channel: "webhook",
  doc: WEBHOOK_DOC,
  fields: webhookFields,
  capabilities: {
    transports: WEBHOOK_TRANSPORTS,
    maxBodyBytes: MAX_BODY_BYTES,
    maxTextUnits: MAX_TEXT_UNITS,
    preview: () => undefined,
    answersCaller: true,
    resend: "idempotent",
    maxFileBytes: 0,
  },
  origins,
  verify,
  parse,
  send,
  setup,
};

/** The callback's, where it is https or was granted by --api-base; none without a callback. */
function origins(account: Account): readonly string[] {
  const callback = account.settings.callback ?? "";
  if (!URL.canParse(callback)) return [];
  const { origin, protocol } = new URL(callback);
  const granted = account.apiBase !== undefined && new URL(account.apiBase).origin === origin;
  return protocol === "https:" || granted ? [origin] : [];
}

/** Posts a signed ping to the callback, so that a wrong address or secret shows now and not with the first answer. */
async function setup(
  account: Account,
  io: Io,
  webhookUrl: string | undefined,
): Promise<SetupReport> {
  const done = webhookUrl === undefined ? [] : ["Messages are taken at the webhook address."];
  const { callback } = account.settings;
  if (callback === undefined)
    return { done: [...done, "Answers are read by ?wait=1 or as a stream."] };
  if (origins(account).length === 0)
    throw new AppError("account/bad_settings", {
      detail: "The callback is neither https nor at the address given by --api-base.",
    });
  await ping(account, io);
  return { done: [...done, "The callback address took a signed ping."] };
}

async function ping(account: Account, io: Io): Promise<void> {
  try {
    await postCallback(account, io, { type: "ping", id: `ping_${crypto.randomUUID()}` });
  } catch (error) {
    if (!isAppError(error) || !error.code.startsWith("channel/")) throw error;
    throw new AppError("account/setup_failed", {
      detail: `${error.message} It must answer 2xx to a signed {"type":"ping"}.`,
      cause: error,
    });
  }
}

/** Proves the token, tells Telegram where updates go, and lists the commands. Every step may be repeated. */
import type { Api } from "grammy";
import * as v from "valibot";
import { AppError, isAppError } from "../../core/errors.ts";
import type { Account, Io, SetupReport } from "../adapter.ts";
import { callTelegram } from "./client.ts";
import { COMMAND_LISTS } from "./commands.ts";
import { ALLOWED_UPDATES, IdSchema } from "./update.ts";

/** How many webhook calls Telegram may make at once: its maximum. */
const MAX_CONNECTIONS = 100;

const SelfSchema = v.object({
  id: IdSchema,
  username: v.pipe(v.string(), v.regex(/^\w{1,64}$/)),
});

async function findSelf(api: Api): Promise<{ id: string; name: string }> {
  const found: unknown = await api.getMe();
  const parsed = v.safeParse(SelfSchema, found);
  if (!parsed.success)
    throw new AppError("account/setup_failed", { detail: "The token belongs to no bot." });
  return { id: parsed.output.id, name: parsed.output.username };
}

async function receiveByWebhook(
  api: Api,
  url: string | undefined,
  account: Account,
): Promise<string> {
  const { secret } = account.secrets;
  if (!secret)
    throw new AppError("account/bad_settings", { detail: "A webhook needs the field `secret`." });
  if (url === undefined)
    return `Telegram was not told where to send updates: this server has no public address. Set ROCKPOOL_PUBLIC_URL, restart, and run \`npx rockpool channel test telegram ${account.name}\`.`;
  await api.setWebhook(url, {
    secret_token: secret,
    allowed_updates: ALLOWED_UPDATES,
    max_connections: MAX_CONNECTIONS,
  });
  return `Telegram sends updates to ${url}.`;
}

async function receiveByPolling(api: Api): Promise<string> {
  await api.deleteWebhook();
  return "Updates are fetched by polling; a webhook that was set is removed.";
}

async function listCommands(api: Api): Promise<string> {
  for (const { language, commands } of COMMAND_LISTS)
    await api.setMyCommands(commands, language === undefined ? {} : { language_code: language });
  return "The commands are listed in English and Chinese.";
}

/** Says in the message what Telegram said: the person at the terminal sees no causes. */
function setupError(error: unknown): unknown {
  if (!isAppError(error) || !error.code.startsWith("channel/")) return error;
  const reason = error.cause instanceof Error ? ` (${error.cause.message})` : "";
  return new AppError("account/setup_failed", {
    detail: `${error.message}${reason}`,
    cause: error,
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
  });
}

/** Throws account/setup_failed, account/bad_settings. */
export async function setupBot(
  account: Account,
  io: Io,
  webhookUrl: string | undefined,
): Promise<SetupReport> {
  try {
    return await callTelegram(account, io, async (api) => {
      const self = await findSelf(api);
      const received =
        account.transport === "poll"
          ? await receiveByPolling(api)
          : await receiveByWebhook(api, webhookUrl, account);
      return {
        self,
        done: [`The bot is @${self.name}.`, received, await listCommands(api)],
      };
    });
  } catch (error) {
    throw setupError(error);
  }
}

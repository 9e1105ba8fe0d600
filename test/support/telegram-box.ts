/** A real server with a Telegram account on the fake Telegram and the fake model server, for end-to-end tests. */
import { loadRunState } from "../../local-runtime/supervisor/run-state.ts";
import { type FakeOllama, startFakeOllama } from "./fake-ollama.ts";
import { type FakeTelegram, startFakeTelegram } from "./fake-telegram.ts";
import {
  createUpdates,
  FAKE_TOKEN,
  type Update,
  type UpdateMaker,
} from "./fake-telegram-updates.ts";
import { type RockpoolProcess, type StartOptions, startRockpool } from "./rockpool-process.ts";
import { FAKE_SECRET } from "./telegram-account.ts";

export interface TelegramBox {
  /** Another one after `kill9`. */
  rockpool: RockpoolProcess;
  telegram: FakeTelegram;
  ollama: FakeOllama;
  webhookUrl: string;
  secret: string;
  updates: UpdateMaker;
  /** Posts each update as Telegram does, in order; throws unless it is answered 200. */
  deliver(...updates: Update[]): Promise<void>;
  /** Posts any bytes to the webhook address, with the secret unless told otherwise. */
  post(body: string | Uint8Array<ArrayBuffer>, init?: PostInit): Promise<Response>;
  /** Another account of the same bot, at /webhooks/telegram/<name>. */
  addAccount(account: AddedAccount): Promise<void>;
  /** kill -9 of supervisor and workerd at once, and a new start on the same folder and port. */
  kill9(): Promise<void>;
  discard(): Promise<void>;
}

export interface PostInit {
  /** null sends none. */
  secret?: string | null;
  method?: string;
  /** Default: the account's own webhook address. */
  path?: string;
}

interface AddedAccount {
  /** Default: main. */
  name?: string;
  /** Default: open. */
  access?: "open" | "pairing" | "allowlist";
  transport?: "webhook" | "poll";
  /** Senders of an allow-list. */
  allow?: readonly string[];
}

export interface BoxOptions extends AddedAccount {
  ollama?: Parameters<typeof startFakeOllama>[0];
  start?: StartOptions;
}

export async function startTelegramBox(options: BoxOptions = {}): Promise<TelegramBox> {
  const telegram = await startFakeTelegram();
  const ollama = await startFakeOllama({ reply: "echo", ...options.ollama });
  const slots = String(options.ollama?.parallel ?? 1);
  const env = { ROCKPOOL_MODEL_SLOTS: slots, ...options.start?.env };
  const rockpool = await startRockpool({ modelUrl: ollama.url, ...options.start, env });
  const box: TelegramBox = {
    rockpool,
    telegram,
    ollama,
    webhookUrl: `${rockpool.url}/webhooks/telegram/main`,
    secret: FAKE_SECRET,
    updates: createUpdates(),
    async deliver(...updates) {
      for (const update of updates) {
        const response = await box.post(JSON.stringify(update));
        const text = await response.text();
        if (response.status !== 200) throw new Error(`webhook: ${response.status} ${text}`);
      }
    },
    post(body, { secret = FAKE_SECRET, method = "POST", path = "/webhooks/telegram/main" } = {}) {
      const headers = secret === null ? {} : { "x-telegram-bot-api-secret-token": secret };
      const content = method === "GET" ? {} : { body };
      return fetch(box.rockpool.url + path, { method, headers, ...content });
    },
    addAccount: (account) => addTelegram(box, account),
    async kill9() {
      const { dataDir, url } = box.rockpool;
      const state = loadRunState(dataDir);
      if (!state) throw new Error(`no run state in ${dataDir}`);
      process.kill(state.pid, "SIGKILL");
      process.kill(state.workerdPid, "SIGKILL");
      box.rockpool = await startRockpool({
        modelUrl: ollama.url,
        ...options.start,
        dataDir,
        env: { ...env, PORT: new URL(url).port },
      });
    },
    async discard() {
      await box.rockpool.discard();
      await Promise.all([telegram.close(), ollama.close()]);
    },
  };
  await addTelegram(box, options);
  return box;
}

async function addTelegram({ rockpool, telegram }: TelegramBox, added: AddedAccount) {
  const { name = "main", access = "open", transport = "webhook", allow = [] } = added;
  const words = ["channel", "add", "telegram", "--json", "--name", name, "--token", "-"];
  const flags = {
    "--secret": FAKE_SECRET,
    "--api-base": telegram.apiBase,
    "--access": access,
    "--transport": transport,
  };
  const allowed = allow.length > 0 ? ["--allow", ...allow] : [];
  const command = [...words, ...Object.entries(flags).flat(), ...allowed];
  const result = await rockpool.run(command, { input: FAKE_TOKEN });
  if (result.status !== 0) throw new Error(`channel add failed: ${result.stdout}${result.stderr}`);
}

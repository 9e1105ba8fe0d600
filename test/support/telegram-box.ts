/** A real server with a Telegram account on the fake Telegram and the fake model server, for end-to-end tests. */

import { type FakeOllama, startFakeOllama } from "./fake-ollama.ts";
import { FAKE_TOKEN, type FakeTelegram, startFakeTelegram } from "./fake-telegram.ts";
import { type RockpoolProcess, type StartOptions, startRockpool } from "./rockpool-process.ts";
import { FAKE_SECRET } from "./telegram-account.ts";

export interface TelegramBox {
  rockpool: RockpoolProcess;
  telegram: FakeTelegram;
  ollama: FakeOllama;
  webhookUrl: string;
  secret: string;
  discard(): Promise<void>;
}

export interface BoxOptions {
  access?: "open" | "pairing" | "allowlist";
  transport?: "webhook" | "poll";
  ollama?: Parameters<typeof startFakeOllama>[0];
  start?: StartOptions;
}

export async function startTelegramBox(options: BoxOptions = {}): Promise<TelegramBox> {
  const telegram = await startFakeTelegram();
  const ollama = await startFakeOllama({ reply: "echo", ...options.ollama });
  const rockpool = await startRockpool({ modelUrl: ollama.url, ...options.start });
  const box: TelegramBox = {
    rockpool,
    telegram,
    ollama,
    webhookUrl: `${rockpool.url}/webhooks/telegram/main`,
    secret: FAKE_SECRET,
    async discard() {
      await rockpool.discard();
      await Promise.all([telegram.close(), ollama.close()]);
    },
  };
  await addTelegram(box, options);
  return box;
}

async function addTelegram(
  { rockpool, telegram }: TelegramBox,
  options: BoxOptions,
): Promise<void> {
  const { access = "open", transport = "webhook" } = options;
  const flags = [
    "--name",
    "main",
    "--token",
    "-",
    "--secret",
    FAKE_SECRET,
    "--api-base",
    telegram.apiBase,
  ];
  const args = [
    "channel",
    "add",
    "telegram",
    ...flags,
    "--access",
    access,
    "--transport",
    transport,
  ];
  const added = await rockpool.run([...args, "--json"], { input: FAKE_TOKEN });
  if (added.status !== 0) throw new Error(`channel add failed: ${added.stdout}${added.stderr}`);
}

/**
 * A box inside workerd whose main model server goes wrong on demand, alone or with a sound one beside it; and the four
 * ways in which somebody is answered: a page that reads along, a program that is called back, and the API twice.
 */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { inject, vi } from "vitest";
import { publicApp } from "../../src/app.ts";
import { type AccountKey, accountKey, encodeSessionKey } from "../../src/core/ids.ts";
import type { ChatMessage } from "../../src/core/message.ts";
import type { HistoryPage, SessionCalls } from "../../src/core/session-protocol.ts";
import { openDirectory } from "../../src/do/directory/directory-client.ts";
import { openGate } from "../../src/do/gate/gate-client.ts";
import { openModel, openOptions } from "../../src/do/isolate.ts";
import { streamConversation } from "../../src/do/session/event-stream.ts";
import { COOL_DOWN_MS } from "../../src/models/router/breaker.ts";
import type { FakeChange } from "./fake-ollama-settings.ts";
import { env, messageRequest, webAccount } from "./integration.ts";
import type { ModelServers } from "./provided-servers.ts";
import { until } from "./scripted-model.ts";

/** As vitest.config.ts has it. */
const MAIN = "http://127.0.0.1:9";
const OTHER = "http://192.168.1.5:11434";
const CALLBACK = "https://program.example/answers";
const PROGRAM = accountKey("webhook", "program");
const SOUND: FakeChange = { fault: "none", at: 3, stallMs: 600_000 };
/** Text of each answer that the program was posted, by conversation. */
const posted: { conversation: string; text: string }[] = [];
let key: string;

/** With one model server, or with a sound one beside it. */
export type BoxServers = "alone" | "helped";

/** The servers' addresses lead to the fakes, the callback to `posted`. The isolate keeps the options of the first call. */
export async function openFaultBox(
  servers: BoxServers,
  options: Record<string, string>,
): Promise<void> {
  const fakes = inject("modelServers");
  const fetchReally = fetch;
  vi.stubGlobal("fetch", async (input: RequestInfo | URL, init?: RequestInit) => {
    const request = new Request(input, init);
    const { origin, pathname } = new URL(request.url);
    if (request.url === CALLBACK) {
      posted.push(await request.json());
      return new Response();
    }
    const fake = origin === MAIN ? fakes.main : fakes.other;
    // A copied request forgets who may hang up.
    const signal = init?.signal ?? null;
    return fetchReally(new Request(fake + pathname, request), { signal });
  });
  const other = { ROCKPOOL_MODEL_SERVERS: `other=ollama+${OTHER}` };
  openOptions({ ...env, ...(servers === "helped" ? other : {}), ...options });
  await openDirectory(env).addAccount(
    {
      key: PROGRAM,
      channel: "webhook",
      name: "program",
      access: "open",
      transport: "webhook",
      settings: { callback: CALLBACK },
      secrets: { secret: `whsec_${btoa("a".repeat(24))}` },
    },
    [],
  );
  key = (await openDirectory(env).createApiKey({ name: "faults", scopes: ["chat"] })).key;
}

async function callFake(name: keyof ModelServers, path: string, body?: unknown) {
  const fake = inject("modelServers")[name];
  const origin = name === "main" ? MAIN : OTHER;
  const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const response = await fetch(origin + path, init);
  if (!response.ok) throw new Error(`${fake}${path} answered ${response.status}`);
  return (await response.json()) as { active: number; queued: number };
}

export async function breakMain(change: FakeChange): Promise<void> {
  await callFake("main", "/control", { ...SOUND, ...change });
}

/** The main server is sound, and the router knows it: one chat behind the time for which a failing server is left alone. */
export async function healMain(): Promise<void> {
  await callFake("main", "/control", SOUND);
  const now = Date.now;
  const clock = vi.spyOn(Date, "now").mockImplementation(() => now() + COOL_DOWN_MS + 1);
  const request = {
    caller: { personId: "healer", priority: "interactive" as const },
    model: "auto",
    messages: [{ role: "user" as const, content: "well?" }],
    maxTokens: 10,
  };
  try {
    for await (const _chunk of openModel(env).chat(request, new AbortController().signal));
  } finally {
    clock.mockRestore();
  }
}

/** Resolves when neither a gate nor a server has anybody in it. */
export async function untilNobodyIsServed(): Promise<void> {
  await until(async () => {
    const gates = await Promise.all([MAIN, OTHER].map((url) => openGate(env, url).state()));
    const servers = await Promise.all(
      (["main", "other"] as const).map((name) => callFake(name, "/stats")),
    );
    return (
      gates.every(({ busy, waiting }) => busy + waiting === 0) &&
      servers.every(({ active, queued }) => active + queued === 0)
    );
  });
}

/** A conversation, and what its person has been shown of the assistant. */
export interface Listener {
  calls: SessionCalls;
  said(): string[];
  say(text: string): Promise<void>;
  history(): Promise<ChatMessage[]>;
}

function openTalk(channel: "web" | "webhook", account: AccountKey) {
  const conversation = crypto.randomUUID();
  const session = encodeSessionKey({
    channel,
    account: channel === "web" ? "main" : "program",
    conversation,
  });
  // The stub answers the same calls with types that unfold into unions.
  const calls = env.SESSION.getByName(session) as unknown as SessionCalls;
  return {
    conversation,
    session,
    calls,
    async say(text: string) {
      await calls.accept({ ...messageRequest(text, { conversation }), session, account });
    },
    async history() {
      return ((await calls.history(undefined, 100)) as HistoryPage).messages;
    },
  };
}

/** The program is told whole answers only. */
export function openProgram(): Listener {
  const talk = openTalk("webhook", PROGRAM);
  const said = () =>
    posted.flatMap(({ conversation, text }) => (conversation === talk.conversation ? [text] : []));
  return { ...talk, said };
}

/** The page is told each piece as it comes, and the message at the end. */
export async function openPage(): Promise<Listener> {
  const talk = openTalk("web", webAccount);
  const { signal } = new AbortController();
  const { stream } = await streamConversation(env, talk.session, {}, signal);
  const said: string[] = [];
  const read = async () => {
    let text = "";
    for await (const piece of stream.pipeThrough(new TextDecoderStream())) {
      text += piece;
      const end = text.lastIndexOf("\n\n");
      for (const [, data = ""] of text.slice(0, end + 1).matchAll(/^data: (.*)$/gm)) {
        const event = JSON.parse(data);
        if (event.type === "message" && event.message.role === "assistant")
          said.push(event.message.text);
      }
      text = text.slice(end + 1);
    }
  };
  void read().catch(() => undefined); // the test's end is the stream's
  return { ...talk, said: () => said };
}

export interface ApiAnswer {
  status: number;
  text: string;
  /** How often a finish was stated. */
  finished: number;
  /** Set where it failed. */
  code?: string;
}

interface Choice {
  delta?: { content?: string };
  message?: { content?: string };
  finish_reason?: string | null;
}

export async function askApi(question: string, stream: boolean): Promise<ApiAnswer> {
  const context = createExecutionContext();
  const messages = [{ role: "user", content: question }];
  const request = new Request("https://box.example/v1/chat/completions", {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "auto", messages, stream }),
  });
  const response = await publicApp.fetch(request, env, context);
  const body = await response.text();
  await waitOnExecutionContext(context);
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream");
  const parts: string[] = isStream
    ? [...body.matchAll(/^data: (.*)$/gm)].map(([, data = ""]) => data)
    : [body];
  const answer: ApiAnswer = { status: response.status, text: "", finished: 0 };
  for (const part of parts.filter((data) => data !== "[DONE]")) {
    const { choices = [], error } = JSON.parse(part) as {
      choices?: Choice[];
      error?: { code: string };
    };
    if (error) answer.code = error.code;
    for (const { delta, message, finish_reason } of choices) {
      answer.text += delta?.content ?? message?.content ?? "";
      if (finish_reason) answer.finished += 1;
    }
  }
  return answer;
}

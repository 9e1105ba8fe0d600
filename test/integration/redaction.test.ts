/** What a model server is told, inside workerd: masked where the server is somebody else's, as it was where it is not. */
import { afterEach, describe, it, vi } from "vitest";
import { loadOptions } from "../../src/config/load.ts";
import { openRouter } from "../../src/do/open-router.ts";
import { createRedactors, readOwnPatterns } from "../../src/do/redactors.ts";
import { maskEvent } from "../../src/do/session/stored-event.ts";
import { createRedactor } from "../../src/redaction/redactor.ts";
import { env, messageRequest } from "../support/integration.ts";

const TEXT = "Pay with 4111 1111 1111 1111, EMP-7, and write to ada@example.com.";

/** The bodies of all chats that one question with `options` leads to, at a server at `url`. */
async function promptsAt(url: string, options: Record<string, string> = {}): Promise<string> {
  const bodies: string[] = [];
  const answer: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    if (request.url.endsWith("/chat/completions")) bodies.push(await request.text());
    return Response.json({ data: [{ id: "far", object: "model" }] });
  };
  vi.stubGlobal("fetch", answer);
  const loaded = loadOptions({ ROCKPOOL_MODEL_SERVERS: `main=openai+${url}`, ...options });
  if (!loaded.ok) throw new Error("the options are wrong");
  const REDACT_PATTERNS = "staff = EMP-\\d";
  await readOwnPatterns(REDACT_PATTERNS);
  const { remote } = createRedactors({ ...env, REDACT_PATTERNS }, loaded.options);
  const request = {
    caller: { personId: crypto.randomUUID(), priority: "interactive" },
    model: "far",
    messages: [{ role: "user", content: TEXT }],
    maxTokens: 10,
  } as const;
  const chat = openRouter(env, loaded.options, remote).chat(
    { ...request, messages: [...request.messages] },
    new AbortController().signal,
  );
  try {
    for await (const _chunk of chat);
  } catch {
    // The answer is none: what counts is what was asked.
  }
  return bodies.join("\n");
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("a model server at a public address", () => {
  it("is sent no card number", async ({ expect }) => {
    expect(await promptsAt("https://model.example.com")).toContain(
      "Pay with [card], EMP-7, and write to ada@example.com.",
    );
  });

  it("is sent what the owner lets it have", async ({ expect }) => {
    const masked = await promptsAt("https://model.example.com", { ROCKPOOL_REDACT_REMOTE: "all" });
    expect(masked).toContain("Pay with [card], [staff], and write to [email].");
    const plain = await promptsAt("https://model.example.com", { ROCKPOOL_REDACT_REMOTE: "none" });
    expect(plain).toContain(TEXT);
  });
});

describe("a model server of one's own", () => {
  it.for(["http://127.0.0.1:1", "http://192.168.1.5:2"])(
    "is sent all of it at %s",
    async (url, { expect }) => {
      expect(await promptsAt(url, { ROCKPOOL_REDACT_REMOTE: "all" })).toContain(TEXT);
    },
  );
});

describe("an event before it is stored", () => {
  it("has what is said, what that answers to, and names of files masked", ({ expect }) => {
    const card = "4111 1111 1111 1111";
    const request = messageRequest(`by ${card}`);
    if (request.event.kind === "stop") throw new Error("a message is expected");
    const media = [{ kind: "file" as const, name: `${card}.txt` }, { kind: "image" as const }];
    const message = {
      ...request.event.message,
      media,
      replyTo: { id: "7", text: `or by ${card}?` },
    };
    const received = { ...request, event: { ...request.event, message } };
    expect(maskEvent(received, createRedactor(["card"], []))).toEqual({
      ...received,
      event: {
        ...received.event,
        message: {
          ...message,
          text: "by [card]",
          media: [{ kind: "file", name: "[card].txt" }, { kind: "image" }],
          replyTo: { id: "7", text: "or by [card]?" },
        },
      },
    });
    expect(maskEvent(received, createRedactor([], []))).toBe(received);
  });
});

describe("own patterns", () => {
  it("that cannot be read, or were not, are never taken for none", async ({ expect }) => {
    const loaded = loadOptions({});
    if (!loaded.ok) throw new Error("the options are wrong");
    const create = (text: string) =>
      createRedactors({ ...env, REDACT_PATTERNS: text }, loaded.options);
    await readOwnPatterns("no pattern");
    expect(() => create("no pattern")).toThrow("line 1: name = pattern is expected");
    expect(() => create("staff = EMP-\\d")).toThrow("The owner's own patterns have not been read.");
  });
});

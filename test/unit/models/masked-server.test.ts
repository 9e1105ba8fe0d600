import { describe, it } from "vitest";
import type { ChatRequest, EmbedRequest } from "../../../src/core/ports.ts";
import { REDACTION_KINDS } from "../../../src/core/redaction.ts";
import { createMaskedServer } from "../../../src/models/masked-server.ts";
import type { ModelServer } from "../../../src/models/server-model.ts";
import { createRedactor } from "../../../src/redaction/redactor.ts";

const CARD = "4111 1111 1111 1111";
const caller = { personId: "ada", priority: "interactive" } as const;
const { mask } = createRedactor(REDACTION_KINDS, []);

/** Keeps what it is asked, and answers nothing. */
function createListener() {
  const heard: (ChatRequest | EmbedRequest)[] = [];
  const server: ModelServer = {
    async *chat(request) {
      heard.push(request);
      yield { kind: "text", text: "heard" };
    },
    async embed(request) {
      heard.push(request);
      return { model: request.model, vectors: [], promptTokens: 0 };
    },
    state: async () => ({ status: "down", code: "model/unavailable" }),
    profile: async (name) => ({
      name,
      contextTokens: 1,
      tools: false,
      vision: false,
      thinks: false,
    }),
    listed: async () => [],
    warmUp: async () => undefined,
  };
  return { server, heard };
}

describe("a server that is told nothing private", () => {
  it("is told nothing private by what tools and formats say of themselves", async ({ expect }) => {
    const { server, heard } = createListener();
    const schema = (description: string) => ({
      type: "object",
      properties: { to: { type: "string", description, enum: ["ada@example.com", "nobody"] } },
      required: ["to"],
    });
    const request: ChatRequest = {
      caller,
      model: "chat",
      maxTokens: 10,
      messages: [],
      tools: [{ name: "pay", description: `Pays with ${CARD}`, parameters: schema(CARD) }],
      format: schema(`as on ${CARD}`),
    };
    const { signal } = new AbortController();
    for await (const _chunk of createMaskedServer(server, mask).chat(request, signal));
    const masked = (description: string) => ({
      type: "object",
      properties: { to: { type: "string", description, enum: ["[email]", "nobody"] } },
      required: ["to"],
    });
    expect(heard).toEqual([
      {
        ...request,
        tools: [{ name: "pay", description: "Pays with [card]", parameters: masked("[card]") }],
        format: masked("as on [card]"),
      },
    ]);
  });

  it("is sent each message masked, tool calls and results included, and the rest as it is", async ({
    expect,
  }) => {
    const { server, heard } = createListener();
    const request: ChatRequest = {
      caller,
      model: "chat",
      maxTokens: 10,
      messages: [
        { role: "system", content: "Be kind to ada@example.com." },
        { role: "user", content: `Pay with ${CARD}`, images: ["AAAA"] },
        {
          role: "assistant",
          content: "",
          toolCalls: [
            {
              id: "1",
              name: "remember",
              arguments: {
                text: `card ${CARD}`,
                tags: ["x", { deep: CARD }],
                count: 3,
                none: null,
              },
              written: `{"text": "${CARD}"`,
            },
          ],
        },
        { role: "tool", content: `kept ${CARD}`, toolCall: { id: "1", name: "remember" } },
      ],
    };
    const before = structuredClone(request);
    const { signal } = new AbortController();
    for await (const _chunk of createMaskedServer(server, mask).chat(request, signal));
    expect(heard).toEqual([
      {
        ...before,
        messages: [
          { role: "system", content: "Be kind to [email]." },
          { role: "user", content: "Pay with [card]", images: ["AAAA"] },
          {
            role: "assistant",
            content: "",
            toolCalls: [
              {
                id: "1",
                name: "remember",
                arguments: {
                  text: "card [card]",
                  tags: ["x", { deep: "[card]" }],
                  count: 3,
                  none: null,
                },
                written: '{"text": "[card]"',
              },
            ],
          },
          { role: "tool", content: "kept [card]", toolCall: { id: "1", name: "remember" } },
        ],
      },
    ]);
    expect(request).toEqual(before);
  });

  it("is sent texts for vectors masked", async ({ expect }) => {
    const { server, heard } = createListener();
    const { signal } = new AbortController();
    const request = { caller, model: "embed", texts: ["plain", `card ${CARD}`] };
    await createMaskedServer(server, mask).embed(request, signal);
    expect(heard).toEqual([{ ...request, texts: ["plain", "card [card]"] }]);
  });
});

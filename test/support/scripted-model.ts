/**
 * A model server inside workerd, in place of the global fetch: each chat says what the test writes into it, when the test
 * writes it. Tests and objects do not share I/O, so a chat looks at plain values again and again.
 */
import { withoutTime } from "./told-time.ts";

interface Message {
  role: string;
  content: string;
  images?: string[];
  tool_name?: string;
}

export interface ScriptedCall {
  name: string;
  arguments: unknown;
}

/** One call of /api/chat. */
export interface Chat {
  /** Without the times at which they were sent. */
  messages: Message[];
  /** As they came. */
  told: Message[];
  /** What the server says that it read; 0 where it does not say. */
  promptTokens: number;
  /** What is offered to the model, by name. */
  tools: string[];
  /** Set where the answer is held to a form. */
  format: unknown;
  /** Pieces to say next, and whether the answer is over then. */
  pieces: string[];
  /** Tools to call before the answer is over. */
  calls: ScriptedCall[];
  isOver: boolean;
  /** What the server says of its failure, where the answer ends by one. */
  failure?: string;
  /** Set when the caller hung up. */
  isCancelled: boolean;
}

interface ChatBody {
  messages: Message[];
  tools?: { function: { name: string } }[];
  format?: unknown;
}

const POLL_MS = 2;
const DEADLINE_MS = 25_000;
const MODEL = "test:1b";

export class ScriptedModel {
  readonly chats: Chat[] = [];
  /** What the model says it can do. */
  capabilities: string[] = ["completion"];
  #seen = 0;

  readonly fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    switch (new URL(request.url).pathname) {
      case "/api/tags":
        return Response.json({ models: [{ name: MODEL, size: 1, details: {} }] });
      case "/api/show":
        return Response.json({ capabilities: this.capabilities, model_info: {} });
      case "/api/ps":
        return Response.json({ models: [{ name: MODEL, context_length: 8192 }] });
      case "/api/version":
        return Response.json({ version: "0.0.0" });
      default:
        return this.#chat(await request.json(), request.signal);
    }
  };

  #chat({ messages: told, tools: offered = [], format }: ChatBody, signal: AbortSignal): Response {
    const messages = told.map(withoutTime);
    const tools = offered.map((tool) => tool.function.name);
    const said = { pieces: [], calls: [], isOver: false, isCancelled: false };
    const chat: Chat = { messages, told, promptTokens: 0, tools, format, ...said };
    this.chats.push(chat);
    const encoder = new TextEncoder();
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        while (chat.pieces.length === 0 && !chat.isOver) {
          await wait(POLL_MS);
          if (signal.aborted) {
            chat.isCancelled = true;
            return controller.error(signal.reason);
          }
        }
        const lines = chat.pieces
          .splice(0)
          .map((content) => ({ message: { content }, done: false }));
        const counts = { prompt_eval_count: chat.promptTokens, eval_count: 1 };
        const end =
          chat.failure === undefined
            ? { done: true, done_reason: "stop", ...counts }
            : { error: chat.failure };
        const called = chat.calls.splice(0).map((call) => ({
          message: { content: "", tool_calls: [{ function: call }] },
          done: false,
        }));
        const all = chat.isOver ? [...lines, ...called, end] : lines;
        controller.enqueue(encoder.encode(all.map((line) => `${JSON.stringify(line)}\n`).join("")));
        if (chat.isOver) controller.close();
      },
      cancel() {
        chat.isCancelled = true;
      },
    });
    return new Response(body);
  }

  /** The next call that no test has seen yet. */
  async nextChat(): Promise<Chat> {
    await until(() => this.chats.length > this.#seen);
    const chat = this.chats[this.#seen];
    if (!chat) throw new Error("no chat");
    this.#seen += 1;
    return chat;
  }

  /** Lets the next call of the model wish for tools and end. */
  async call(...calls: ScriptedCall[]): Promise<Chat> {
    const chat = await this.nextChat();
    chat.calls.push(...calls);
    chat.isOver = true;
    return chat;
  }

  /** Lets the next call say `text` and end. */
  async answer(text: string): Promise<Chat> {
    const chat = await this.nextChat();
    chat.pieces.push(text);
    chat.isOver = true;
    return chat;
  }
}

function wait(timeoutMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, timeoutMs));
}

/** Waits for a condition. Throws when it does not come true in time. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const lateAtMs = Date.now() + DEADLINE_MS;
  while (!(await condition())) {
    if (Date.now() > lateAtMs) throw new Error(`not so within ${DEADLINE_MS} ms: ${condition}`);
    await wait(POLL_MS);
  }
}

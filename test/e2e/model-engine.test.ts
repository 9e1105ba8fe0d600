/** Real tokens of the real engine, installed by the path that people's boxes take. */
import { afterAll, beforeAll, describe, it } from "vitest";
import {
  installEngine,
  unsupportedMachine,
} from "../../local-runtime/model-server/install-engine.ts";
import {
  type ModelServerProcess,
  ROOT,
  startModelServer,
} from "../support/model-server-process.ts";

const machine = unsupportedMachine();

interface Line {
  message: { content: string };
  done: boolean;
  done_reason: string;
  prompt_eval_count: number;
  prompt_cached_count: number;
  eval_count: number;
}

describe.skipIf(machine !== undefined)(
  `the built-in model server with its engine${machine === undefined ? "" : ` (none for ${machine})`}`,
  () => {
    let server: ModelServerProcess;

    beforeAll(async () => {
      await installEngine(ROOT, () => {});
      server = await startModelServer();
    });
    afterAll(() => server.discard());

    const chat = (fields: object, init: RequestInit = {}) =>
      fetch(`${server.url}/api/chat`, {
        method: "POST",
        body: JSON.stringify({ model: "stories", truncate: false, ...fields }),
        ...init,
      });

    it("streams an answer of as many tokens as it says", async ({ expect }) => {
      const response = await chat({
        messages: [{ role: "user", content: "Once upon a time" }],
        options: { num_ctx: 512, num_predict: 24, temperature: 0 },
      });
      const lines: Line[] = (await response.text())
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      const text = lines.map(({ message }) => message.content).join("");
      expect(text).toMatch(/[a-z]+ [a-z]+ [a-z]+/);
      expect(lines.length).toBeGreaterThan(10);
      expect(lines.at(-1)).toMatchObject({ done: true, done_reason: "length", eval_count: 24 });
    });

    /** A conversation that says, of each turn, how many tokens of the prompt were evaluated and how many were new. */
    function converse(system: string) {
      const messages = [{ role: "system", content: system }];
      let before = 0;
      return async (content: string) => {
        messages.push({ role: "user", content });
        const options = { num_ctx: 512, num_predict: 20, temperature: 0.7, seed: 5 };
        const answer: Line = await (await chat({ messages, stream: false, options })).json();
        messages.push({ role: "assistant", content: answer.message.content });
        const fresh = answer.prompt_eval_count - before;
        before = answer.prompt_eval_count + answer.eval_count;
        return { evaluated: answer.prompt_eval_count - answer.prompt_cached_count, fresh };
      };
    }

    it("evaluates of the next turn's prompt only what is new, and at most a tenth more", async ({
      expect,
    }) => {
      const say = converse("You tell short stories to children.");
      for (const content of ["Once upon a time", "And then?", "Who came along?", "The end?"]) {
        const { evaluated, fresh } = await say(content);
        expect(evaluated, content).toBeLessThanOrEqual(Math.ceil(fresh * 1.1));
        expect(evaluated, content).toBeGreaterThan(0);
      }
    });

    it("does so for two conversations in turn", async ({ expect }) => {
      const talks = [converse("You tell stories about cats."), converse("Speak of the wide sea.")];
      await Promise.all(talks.map((say) => say("Once upon a time")));
      for (const content of ["And then?", "Who came along?"])
        for (const say of talks) {
          const { evaluated, fresh } = await say(content);
          expect(evaluated, content).toBeLessThanOrEqual(Math.ceil(fresh * 1.1));
        }
    });

    it("holds an answer to a schema", async ({ expect }) => {
      const format = {
        type: "object",
        properties: { name: { type: "string", maxLength: 8 }, old: { type: "boolean" } },
        required: ["name", "old"],
      };
      const response = await chat({
        messages: [{ role: "user", content: "Who is it?" }],
        stream: false,
        format,
        options: { num_ctx: 512, num_predict: 100, temperature: 0 },
      });
      const answer: Line = await response.json();
      expect(JSON.parse(answer.message.content)).toEqual({
        name: expect.any(String),
        old: expect.any(Boolean),
      });
    });

    it("makes vectors of texts, alike where the texts are", async ({ expect }) => {
      const input = ["The cat sat down.", "The cat sat there.", "A big red ball!"];
      const body = { model: "stories", input, truncate: false, options: { num_ctx: 512 } };
      const init = { method: "POST", body: JSON.stringify(body) };
      const answer = await (await fetch(`${server.url}/api/embed`, init)).json();
      const [first, second, third]: number[][] = answer.embeddings;
      const likeness = (one: number[] = [], other: number[] = []) =>
        one.reduce((sum, value, index) => sum + value * (other[index] ?? 0), 0);
      expect(likeness(first, first)).toBeCloseTo(1);
      expect(likeness(first, second)).toBeGreaterThan(likeness(first, third));
      expect(answer.prompt_eval_count).toBeGreaterThan(9);
    });

    it("refuses a prompt that is too long, and leaves the model as it was", async ({ expect }) => {
      const messages = [{ role: "user", content: "word ".repeat(600) }];
      const response = await chat({ messages, options: { num_ctx: 512 } });
      expect(response.status).toBe(400);
      expect((await response.json()).error).toMatch(
        /^the prompt of \d+ tokens exceeds the context length of 512$/,
      );
    });

    it("stops when the client goes, and ends when its supervisor does", async ({ expect }) => {
      const gone = new AbortController();
      const options = { num_ctx: 512, temperature: 0.9, seed: 3 };
      const messages = [{ role: "user", content: "Tell me all" }];
      const response = await chat({ messages, options }, { signal: gone.signal });
      await response.body?.getReader().read();
      gone.abort();
      const next = await chat({ messages, stream: false, options: { ...options, num_predict: 2 } });
      expect(await next.json()).toMatchObject({ done: true, eval_count: 2 });
      expect(await server.closeInput()).toBe(0);
    });
  },
);

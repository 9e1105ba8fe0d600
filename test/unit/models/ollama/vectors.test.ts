import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "vitest";
import { startFakeOllama } from "../../../support/fake-ollama.ts";
import { createClient, REQUEST } from "../chat-client.ts";

const { caller } = REQUEST;
const { signal } = new AbortController();

/** A server whose /api/embed answers `json`. */
async function withAnswer(json: unknown, work: (url: string) => Promise<void>): Promise<void> {
  const server = createServer((request, response) => {
    const isShow = request.url === "/api/show";
    response.end(JSON.stringify(isShow ? { capabilities: ["embedding"], model_info: {} } : json));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // a TCP server that listens
  try {
    await work(`http://127.0.0.1:${port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe("embed", () => {
  it("answers one vector for each text, in their order", async ({ expect }) => {
    const fake = await startFakeOllama();
    const model = createClient(fake.url);
    const both = await model.embed({ caller, model: "embed", texts: ["tea", "茶"] }, signal);
    const [one] = (await model.embed({ caller, model: "embed", texts: ["tea"] }, signal)).vectors;
    expect(both).toMatchObject({ model: "embed", promptTokens: 2 });
    expect(both.vectors).toHaveLength(2);
    expect(both.vectors[0]).toEqual(one);
    expect(both.vectors[1]).not.toEqual(one);
    const short = await model.embed(
      { caller, model: "embed", texts: ["tea"], dimensions: 3 },
      signal,
    );
    expect(short.vectors[0]).toHaveLength(3);
    await fake.close();
  });

  it("says what is wrong with the model or the text", async ({ expect }) => {
    const fake = await startFakeOllama();
    const model = createClient(fake.url);
    for (const [name, code, message] of [
      ["gone", "model/missing", 'The model "gone" is not installed.'],
      ["auto", "model/missing", 'The model "auto" is not installed.'],
      [
        "tiny",
        "model/unsupported",
        'The model cannot do what is asked: "tiny" does not support embeddings',
      ],
      [
        "big:120b-cloud",
        "model/remote_refused",
        'The model "big:120b-cloud" would run on somebody else\'s machine.',
      ],
    ] as const)
      await expect(
        model.embed({ caller, model: name, texts: ["tea"] }, signal),
      ).rejects.toMatchObject({
        code,
        message,
      });
    const long = { caller, model: "embed", texts: ["word ".repeat(10_000)] };
    await expect(model.embed(long, signal)).rejects.toMatchObject({ code: "model/too_long" });
    await fake.close();
  });

  it("refuses an answer that is not one vector of numbers for each text", async ({ expect }) => {
    const shape = {
      code: "model/broken_stream",
      message: "The model server's answer to /api/embed is not JSON of its form.",
    };
    const count = {
      code: "model/broken_stream",
      message: "The model server did not answer with one vector for each text.",
    };
    for (const [embeddings, failure] of [
      [[[1]], count],
      [[[1], [1, 2]], count],
      [[[1], []], shape],
      [[[1], ["2"]], shape],
      ["no", shape],
    ] as const)
      await withAnswer({ embeddings }, async (url) => {
        const request = { caller, model: "embed", texts: ["a", "b"] };
        await expect(createClient(url).embed(request, signal)).rejects.toMatchObject(failure);
      });
    await withAnswer({ embeddings: [[1]], remote_host: "https://a.example" }, async (url) => {
      const request = { caller, model: "embed", texts: ["a"] };
      await expect(createClient(url).embed(request, signal)).rejects.toMatchObject({
        code: "model/remote_refused",
      });
    });
  });

  it("ends with the caller's reason when he goes", async ({ expect }) => {
    const fake = await startFakeOllama();
    const controller = new AbortController();
    const gone = new Error("gone");
    controller.abort(gone);
    await expect(
      createClient(fake.url).embed({ caller, model: "embed", texts: ["a"] }, controller.signal),
    ).rejects.toBe(gone);
    await fake.close();
  });
});

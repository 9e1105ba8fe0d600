import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { afterEach, describe, it } from "vitest";
import { isAppError } from "../../../src/core/errors.ts";
import { MAX_TRANSCRIPT_UNITS, transcribe } from "../../../src/models/transcribe.ts";

let server: Server;
const { signal } = new AbortController();
const speech = { mime: "audio/ogg; codecs=opus", bytes: new Uint8Array([1, 2, 3]) };

async function serve(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ fetch: typeof fetch; baseUrl: string }> {
  server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // a TCP server that listens
  return { fetch, baseUrl: `http://127.0.0.1:${port}` };
}

function say(value: unknown) {
  return serve((request, response) => {
    request.resume();
    response.end(JSON.stringify(value));
  });
}

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

describe("transcribe", () => {
  it("sends the voice note as a form and takes its text", async ({ expect }) => {
    let seen = { path: "", type: "", body: "" };
    const target = await serve((request, response) => {
      const { url: path = "", headers } = request;
      let body = "";
      request.setEncoding("latin1").on("data", (chunk: string) => {
        body += chunk;
      });
      request.on("end", () => {
        seen = { path, type: headers["content-type"] ?? "", body };
        response.end(JSON.stringify({ text: " Hello there. ", language: "en" }));
      });
    });
    expect(await transcribe(target, "whisper-1", speech, signal)).toBe("Hello there.");
    expect(seen.path).toBe("/v1/audio/transcriptions");
    expect(seen.type).toMatch(/^multipart\/form-data; boundary=/);
    expect(seen.body).toContain('name="file"; filename="voice.ogg"\r\nContent-Type: audio/ogg');
    expect(seen.body).toContain("\r\n\r\n\u0001\u0002\u0003\r\n");
    expect(seen.body).toContain('name="model"\r\n\r\nwhisper-1');
    expect(seen.body).toContain('name="response_format"\r\n\r\njson');
  });

  it("keeps a bounded text, and no half character", async ({ expect }) => {
    const target = await say({ text: `a${"🙂".repeat(MAX_TRANSCRIPT_UNITS)}` });
    const text = await transcribe(target, "m", speech, signal);
    expect(text.length).toBeLessThanOrEqual(MAX_TRANSCRIPT_UNITS);
    expect(text.isWellFormed()).toBe(true);
  });

  it("fails with a code whatever else is answered", async ({ expect }) => {
    let answer: unknown;
    const target = await serve((request, response) => {
      request.resume();
      response.end(JSON.stringify(answer) ?? "");
    });
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        answer = value;
        const text = await transcribe(target, "m", speech, signal).catch((error: unknown) => error);
        if (typeof text === "string") return;
        expect(isAppError(text) && text.code).toBe("model/broken_stream");
      }),
      { numRuns: 40 },
    );
  });

  it("says what the server says when it refuses", async ({ expect }) => {
    const target = await serve((request, response) => {
      request.resume();
      response.writeHead(400).end('{"error":"unknown format"}');
    });
    await expect(transcribe(target, "m", speech, signal)).rejects.toMatchObject({
      code: "model/rejected",
      message: expect.stringContaining("unknown format"),
    });
  });

  it("ends with the signal", async ({ expect }) => {
    const target = await serve(() => undefined);
    const controller = new AbortController();
    const waiting = transcribe(target, "m", speech, controller.signal);
    controller.abort(new Error("stopped"));
    await expect(waiting).rejects.toThrow("stopped");
  });
});

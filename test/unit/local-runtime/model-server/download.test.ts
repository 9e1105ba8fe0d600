import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, onTestFinished } from "vitest";
import { download, MAX_TRIES } from "../../../../local-runtime/model-server/download.ts";

const BYTES = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
const SHA256 = createHash("sha256").update(BYTES).digest("hex");

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Sends the file from the byte that is asked for, and ends the connection after so many bytes. */
function sendRest(cutAfterBytes = BYTES.length): Answer {
  return ({ headers }, response) => {
    const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? "")?.[1] ?? 0);
    const rest = BYTES.subarray(from);
    const range = { "content-range": `bytes ${from}-${BYTES.length - 1}/${BYTES.length}` };
    response.writeHead(from > 0 ? 206 : 200, {
      "content-length": rest.length,
      ...(from > 0 ? range : {}),
    });
    if (rest.length <= cutAfterBytes) response.end(rest);
    else
      response.write(rest.subarray(0, cutAfterBytes), () => setImmediate(() => response.destroy()));
  };
}

async function serve(...answers: Answer[]) {
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    const answer = answers[Math.min(asked.length, answers.length - 1)];
    asked.push(request.headers.range);
    answer?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const dir = mkdtempSync(join(tmpdir(), "rockpool-download-"));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
    rmSync(dir, { recursive: true, force: true });
  });
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  const progress: number[] = [];
  const path = join(dir, "model.gguf");
  const job = {
    url: `http://127.0.0.1:${port}/model.gguf`,
    path,
    sizeBytes: BYTES.length,
    sha256: SHA256,
    onProgress: (bytes: number) => progress.push(bytes),
    retryWaitMs: 1,
  };
  return { job, path, part: `${path}.part`, asked, progress };
}

describe("a download", () => {
  it("stands in its place whole, and tells how far it is", async ({ expect }) => {
    const { job, path, part, progress } = await serve(sendRest());
    await download(job);
    expect(readFileSync(path).equals(BYTES)).toBe(true);
    expect(existsSync(part)).toBe(false);
    expect(progress.at(-1)).toBe(BYTES.length);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
  });

  it("goes on where it was cut, as often as it gets further", async ({ expect }) => {
    const { job, path, asked } = await serve(sendRest(40_000));
    await download(job);
    expect(readFileSync(path).equals(BYTES)).toBe(true);
    expect(asked.length).toBeGreaterThan(MAX_TRIES);
    expect(asked.slice(0, 2)).toEqual([undefined, "bytes=40000-"]);
  });

  it("takes up what an earlier command has left", async ({ expect }) => {
    const { job, path, part, asked } = await serve(sendRest());
    writeFileSync(part, BYTES.subarray(0, 100_000));
    await download(job);
    expect(asked).toEqual(["bytes=100000-"]);
    expect(readFileSync(path).equals(BYTES)).toBe(true);
  });

  it("is not begun where the file stands already, and replaces one of other bytes", async ({
    expect,
  }) => {
    const { job, path, asked } = await serve(sendRest());
    writeFileSync(path, BYTES);
    await download(job);
    expect(asked).toEqual([]);
    writeFileSync(path, Buffer.alloc(BYTES.length));
    await download(job);
    expect(readFileSync(path).equals(BYTES)).toBe(true);
  });

  it.for([
    ["does not know ranges", (_: IncomingMessage, response: ServerResponse) => response.end(BYTES)],
    [
      "goes on at another byte",
      (_: IncomingMessage, response: ServerResponse) =>
        response.writeHead(206, { "content-range": "bytes 7-9/10" }).end("abc"),
    ],
    [
      "refuses the range",
      (_: IncomingMessage, response: ServerResponse) => response.writeHead(416).end(),
    ],
  ] as const)("begins anew where the server %s", async ([, answer], { expect }) => {
    const { job, path, part } = await serve(answer, sendRest());
    writeFileSync(part, BYTES.subarray(0, 100_000));
    await download(job);
    expect(readFileSync(path).equals(BYTES)).toBe(true);
  });

  it("of other bytes is thrown away", async ({ expect }) => {
    const other = Buffer.alloc(BYTES.length);
    const { job, path, part } = await serve((_, response) => response.end(other));
    await expect(download(job)).rejects.toMatchObject({
      code: "model/wrong_hash",
      message: expect.stringContaining("its SHA-256 is another one. It was thrown away."),
    });
    expect([existsSync(path), existsSync(part)]).toEqual([false, false]);
  });

  it("ends at the byte after its size", async ({ expect }) => {
    const { job, path } = await serve((_, response) => response.end(Buffer.concat([BYTES, BYTES])));
    await expect(download(job)).rejects.toMatchObject({
      code: "model/wrong_hash",
      message: expect.stringContaining("it is longer"),
    });
    expect(existsSync(path)).toBe(false);
  });

  it("that gets no further is given up, and kept for the next try", async ({ expect }) => {
    const { job, part, asked } = await serve(sendRest(50_000), (_, response) => {
      response.destroy();
    });
    await expect(download(job)).rejects.toMatchObject({
      code: "model/cut_off",
      message: expect.stringContaining("0.1 MB of 0.3 MB are here."),
      exitStatus: 75,
    });
    expect(readFileSync(part).equals(BYTES.subarray(0, 50_000))).toBe(true);
    expect(asked.length).toBeLessThanOrEqual(2 + 2 * MAX_TRIES);
  });

  it("says that there is no network, and what to do without", async ({ expect }) => {
    const { job } = await serve(sendRest());
    await expect(download({ ...job, url: "http://127.0.0.1:9/model.gguf" })).rejects.toMatchObject({
      code: "model/offline",
      message: expect.stringContaining("127.0.0.1:9 cannot be reached"),
      fix: expect.stringContaining("npx rockpool model use <file>"),
    });
  });

  it("says what the server answers where it refuses", async ({ expect }) => {
    const { job, asked } = await serve((_, response) => response.writeHead(403).end());
    await expect(download(job)).rejects.toMatchObject({
      code: "model/download_refused",
      message: expect.stringContaining("answers 403"),
    });
    expect(asked).toHaveLength(1);
  });

  it("is not begun where the disk has no room for it", async ({ expect }) => {
    const { job, asked } = await serve(sendRest());
    await expect(download({ ...job, sizeBytes: 2 ** 60 })).rejects.toMatchObject({
      code: "model/no_space",
      message: expect.stringMatching(/has .* MB free; .* MB are needed\.$/),
    });
    expect(asked).toEqual([]);
  });

  it.skipIf(!existsSync("/dev/full"))(
    "says that the disk is full when it becomes so",
    async ({ expect }) => {
      const { job, part } = await serve(sendRest());
      symlinkSync("/dev/full", part);
      await expect(download(job)).rejects.toMatchObject({
        code: "model/disk_full",
        fix: expect.stringContaining("it goes on where it stopped"),
      });
    },
  );
});

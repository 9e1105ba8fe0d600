import { afterEach, beforeEach, describe, it } from "vitest";
import type { Account, Io } from "../../../../src/adapters/adapter.ts";
import { telegram } from "../../../../src/adapters/telegram/index.ts";
import { MAX_FILE_BYTES } from "../../../../src/adapters/telegram/limits.ts";
import type { MediaRef, Target } from "../../../../src/core/message.ts";
import { catchError, expectNoSecret } from "../../../contract/secrecy.ts";
import { type FakeTelegram, startFakeTelegram } from "../../../support/fake-telegram.ts";
import { createTelegramAccount } from "../../../support/telegram-account.ts";

const io: Io = { fetch, nowMs: () => Date.now() };
const group: Target = { conversation: { id: "-5", kind: "group", thread: "3" }, replyTo: "4" };
const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => index % 256);

let fake: FakeTelegram;
let account: Account;

beforeEach(async () => {
  fake = await startFakeTelegram();
  account = createTelegramAccount(fake.apiBase);
});
afterEach(() => fake.close());

function upload(name: string, mime: string, content = bytes) {
  return telegram.upload?.(group, { name, mime, bytes: content }, account, io);
}

function download(media: MediaRef) {
  if (!telegram.download) throw new Error("no download");
  return telegram.download(media, account, io);
}

describe("files to Telegram", () => {
  it("go as documents, byte for byte, to their topic", async ({ expect }) => {
    const sent = await upload("notes 2027.bin", "application/octet-stream");
    const [message] = fake.messagesOf(-5);
    expect(sent).toEqual({ id: String(message?.id) });
    expect(message).toMatchObject({ replyTo: 4, threadId: 3, file: { name: "notes 2027.bin" } });
    expect(message?.file?.bytes.equals(bytes)).toBe(true);
    expect(fake.counts.get("sendDocument")).toBe(1);
  });

  it("go as photos where they are pictures", async ({ expect }) => {
    await upload("a.png", "image/png");
    expect(Object.fromEntries(fake.counts)).toEqual({ sendPhoto: 1 });
  });

  it("go as documents where Telegram refuses the photo", async ({ expect }) => {
    fake.addFault({
      kind: "refuse",
      code: 400,
      description: "Bad Request: PHOTO_INVALID_DIMENSIONS",
    });
    await upload("a.png", "image/png");
    expect(Object.fromEntries(fake.counts)).toEqual({ sendPhoto: 1, sendDocument: 1 });
    expect(fake.messagesOf(-5)[0]?.file?.bytes.equals(bytes)).toBe(true);
  });

  it("are not tried as documents where Telegram is away", async ({ expect }) => {
    fake.addFault({ kind: "refuse", code: 500 });
    await expect(upload("a.png", "image/png")).rejects.toMatchObject({
      code: "channel/unavailable",
    });
    expect(Object.fromEntries(fake.counts)).toEqual({ sendPhoto: 1 });
  });

  it("go as documents where they are too large for a photo", async ({ expect }) => {
    await upload("a.png", "image/png", new Uint8Array(10 * 1024 * 1024 + 1));
    expect(Object.fromEntries(fake.counts)).toEqual({ sendDocument: 1 });
  });

  it("write no header lines of their own", async ({ expect }) => {
    await upload('a"\r\nx: y;b/../c\u0000.txt', "text/plain");
    expect(fake.messagesOf(-5)[0]?.file?.name).toBe("a_ x: y_b_.._c .txt");
    await upload("\n", "text/plain");
    expect(fake.messagesOf(-5)[1]?.file?.name).toBe("file");
  });

  it("are refused here above 20 MB", async ({ expect }) => {
    await expect(
      upload("a.bin", "application/zip", new Uint8Array(MAX_FILE_BYTES + 1)),
    ).rejects.toMatchObject({ code: "file/too_large" });
    expect(fake.counts.size).toBe(0);
  });
});

describe("files from Telegram", () => {
  it("come as a stream that says nothing of the token", async ({ expect }) => {
    const response = await download({ kind: "file", id: fake.addFile(bytes) });
    expect(response.url).toBe("");
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes);
  });

  it("are not asked for above 20 MB", async ({ expect }) => {
    const media: MediaRef = { kind: "video", id: "x", sizeBytes: MAX_FILE_BYTES + 1 };
    await expect(download(media)).rejects.toMatchObject({ code: "file/too_large" });
    await expect(download({ kind: "file" })).rejects.toMatchObject({ code: "file/unknown" });
    expect(fake.counts.size).toBe(0);
  });

  it("are refused with Telegram's reason where it knows none", async ({ expect }) => {
    await expect(download({ kind: "file", id: "gone" })).rejects.toMatchObject({
      code: "channel/rejected",
      cause: { message: "getFile: 400 Bad Request: invalid file_id" },
    });
  });

  it.for(["", "/var/lib/bot/a.jpg", "../getMe", "a/../../b", "a/./b", "a?b", "a#b", "https://x/a"])(
    "are not fetched from the path %j",
    async (path, { expect }) => {
      fake.addFault({
        kind: "garble",
        status: 200,
        body: JSON.stringify({ ok: true, result: { file_id: "1", file_path: path } }),
      });
      await expect(download({ kind: "file", id: "1" })).rejects.toMatchObject({
        code: "channel/rejected",
        message: "Telegram names no path under which the file can be fetched.",
      });
    },
  );

  it.for<[number, string]>([
    [404, "channel/rejected"],
    [503, "channel/unavailable"],
  ])("fail with a code where the file server answers %i", async ([status, code], { expect }) => {
    const id = fake.addFile(bytes);
    fake.addFault({ kind: "garble", status, body: "no", method: "download" });
    const error = await catchError(download({ kind: "file", id }));
    expect(error).toMatchObject({ code, message: `Telegram answers ${status} for the file.` });
    expectNoSecret(expect, error, account);
  });

  it("fail with a code where the connection breaks", async ({ expect }) => {
    const id = fake.addFile(bytes);
    fake.addFault({ kind: "reset", method: "download" });
    const error = await catchError(download({ kind: "file", id }));
    expect(error).toMatchObject({ code: "channel/unavailable" });
    expectNoSecret(expect, error, account);
  });
});

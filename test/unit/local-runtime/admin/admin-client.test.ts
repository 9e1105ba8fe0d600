import { rmSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import * as v from "valibot";
import { describe, it } from "vitest";
import {
  callAdmin,
  findServer,
  MAX_REPLY_BYTES,
  streamAdmin,
} from "../../../../local-runtime/admin/admin-client.ts";
import {
  MAX_EVENT_UNITS,
  readEvents,
} from "../../../../local-runtime/admin/admin-client-events.ts";
import {
  OwnerLinkSchema,
  StreamEventSchema,
} from "../../../../local-runtime/admin/admin-client-replies.ts";
import { problem, startFakeAdmin } from "../../../support/fake-admin.ts";

const ownerLink = { method: "POST", path: "/owner-link", reply: OwnerLinkSchema } as const;
const say = { path: "/say", body: { text: "hi" }, event: StreamEventSchema };

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe("a call on the admin socket", () => {
  it("posts JSON and answers the checked reply", async ({ expect }) => {
    await using admin = await startFakeAdmin();
    admin.handle("POST /owner-link", () => ({
      status: 200,
      json: { token: "t", expiresAtMs: 5, later: "ignored" },
    }));
    expect(await callAdmin(admin.socketPath, { ...ownerLink, body: { a: 1 } })).toEqual({
      token: "t",
      expiresAtMs: 5,
    });
    expect(admin.requests).toEqual([{ route: "POST /owner-link", body: { a: 1 } }]);
  });

  it("takes an answer without a body", async ({ expect }) => {
    await using admin = await startFakeAdmin();
    admin.handle("DELETE /accounts/x/y", () => ({ status: 204 }));
    const call = { method: "DELETE", path: "/accounts/x/y", reply: v.undefined() } as const;
    expect(await callAdmin(admin.socketPath, call)).toBeUndefined();
  });

  it("throws the server's problem under the server's code, with its advice", async ({ expect }) => {
    await using admin = await startFakeAdmin();
    const { status, json } = problem("account/bad_settings", "The token is no token.");
    admin.handle("POST /owner-link", () => ({
      status,
      json: { ...json, errors: [{ path: "fields.token", message: "another form is expected" }] },
    }));
    await expect(callAdmin(admin.socketPath, ownerLink)).rejects.toMatchObject({
      code: "account/bad_settings",
      message: "The token is no token. fields.token: another form is expected",
      fix: "See `npx rockpool channel add <channel> --help`.",
    });
  });

  it("says how to start a server that is not there", async ({ expect }) => {
    const notRunning = {
      code: "server/not_running",
      message: "The server is not running.",
      fix: "Start it with `npm start`, then run this again.",
      exitStatus: 69,
    };
    await using admin = await startFakeAdmin();
    expect(findServer(admin.dataDir).adminSocket).toBe(admin.socketPath);
    await admin.close();
    await expect(callAdmin(admin.socketPath, ownerLink)).rejects.toMatchObject(notRunning);
    rmSync(join(admin.dataDir, "run", "state.json"));
    expect(() => findServer(admin.dataDir)).toThrow(expect.objectContaining(notRunning));
  });

  it("gives up on a server that does not answer in time", async ({ expect }) => {
    await using admin = await startFakeAdmin();
    admin.handle("POST /owner-link", () => undefined);
    const call = callAdmin(admin.socketPath, { ...ownerLink, timeoutMs: 50 });
    await expect(call).rejects.toMatchObject({
      code: "server/no_answer",
      message: "The server did not answer within 0.05 seconds.",
    });
    admin.handle("POST /owner-link", (_, response) => {
      response.writeHead(200).write("{");
      return undefined;
    });
    const half = callAdmin(admin.socketPath, { ...ownerLink, timeoutMs: 50 });
    await expect(half).rejects.toMatchObject({ code: "server/no_answer" });
  });

  it("refuses an answer of another form, of no JSON, or past the limit", async ({ expect }) => {
    await using admin = await startFakeAdmin();
    const bodies = ['{"token":1}', "<html>", "", `"${"x".repeat(MAX_REPLY_BYTES)}"`];
    for (const status of [200, 500])
      for (const body of bodies) {
        admin.handle("POST /owner-link", (_, response) => {
          response.writeHead(status).end(body);
          return undefined;
        });
        await expect(callAdmin(admin.socketPath, ownerLink)).rejects.toMatchObject({
          code: "server/bad_answer",
          message: "The server's answer is not what this command understands.",
        });
      }
  });

  it("says when the server hangs up in mid-answer", async ({ expect }) => {
    await using admin = await startFakeAdmin();
    for (const start of [false, true]) {
      admin.handle("POST /owner-link", (_, response) => {
        if (start) response.writeHead(200, { "content-length": 100 }).write("{");
        setTimeout(() => response.destroy(), 20);
        return undefined;
      });
      await expect(callAdmin(admin.socketPath, ownerLink)).rejects.toMatchObject({
        code: "server/cut_off",
        message: "The server closed the connection in mid-answer.",
      });
    }
  });
});

describe("a stream on the admin socket", () => {
  it("yields the events in order and skips those of a newer server", async ({ expect }) => {
    await using admin = await startFakeAdmin();
    admin.handle("POST /say", (_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(': hello\n\ndata: {"type":"ready","seq":3}\n\n');
      response.write('id: 4\ndata: {"type":"newer"}\n\n');
      response.end('data: {"type":"end",\ndata: "turnId":"t"}\n\ndata: {"type":"ready","seq":9}');
      return undefined;
    });
    const events = streamAdmin(admin.socketPath, say, new AbortController().signal);
    expect(await collect(events)).toEqual([
      { type: "ready", seq: 3 },
      { type: "end", turnId: "t" },
    ]);
  });

  it("ends quietly when its signal fires", async ({ expect }) => {
    await using admin = await startFakeAdmin();
    const controller = new AbortController();
    admin.handle("POST /say", (_, response) => {
      response.writeHead(200).write('data: {"type":"ready","seq":3}\n\n');
      return undefined;
    });
    const seen: unknown[] = [];
    for await (const event of streamAdmin(admin.socketPath, say, controller.signal)) {
      seen.push(event);
      controller.abort();
    }
    expect(seen).toEqual([{ type: "ready", seq: 3 }]);
  });

  it("gives up on a server that falls silent", async ({ expect }) => {
    await using admin = await startFakeAdmin();
    admin.handle("POST /say", (_, response) => {
      response.writeHead(200).write(": hello\n\n");
      return undefined;
    });
    const { signal } = new AbortController();
    const events = streamAdmin(admin.socketPath, { ...say, idleMs: 50 }, signal);
    await expect(collect(events)).rejects.toMatchObject({
      code: "server/no_answer",
      message: "The server did not answer within 0.05 seconds.",
    });
  });

  it("throws a problem, and a connection that breaks", async ({ expect }) => {
    await using admin = await startFakeAdmin();
    admin.handle("POST /say", () => problem("session/queue_full"));
    const { signal } = new AbortController();
    await expect(collect(streamAdmin(admin.socketPath, say, signal))).rejects.toMatchObject({
      code: "session/queue_full",
    });
    admin.handle("POST /say", (_, response) => {
      response.writeHead(200).write("data: {}\n\n");
      setTimeout(() => response.destroy(), 20);
      return undefined;
    });
    await expect(collect(streamAdmin(admin.socketPath, say, signal))).rejects.toMatchObject({
      code: "server/cut_off",
    });
  });
});

describe("server-sent events", () => {
  async function* inPieces(bytes: Uint8Array, size: number) {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }

  it("are the same however the bytes are cut, and with any line ending", async ({ expect }) => {
    const line = fc.string({ unit: "grapheme" }).map((text) => text.replace(/[\r\n\0]/g, ""));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(line, { minLength: 1, maxLength: 3 }), { maxLength: 4 }),
        fc.constantFrom("\n", "\r\n", "\r"),
        fc.integer({ min: 1, max: 9 }),
        async (events, end, size) => {
          const text = events.map((lines) =>
            [...lines.map((part) => `data: ${part}`), "", ""].join(end),
          );
          // The last CR may be the first half of CR LF, so it ends a line only when something follows.
          const bytes = new TextEncoder().encode(`${text.join("")}: end`);
          const seen = await collect(readEvents(inPieces(bytes, size)));
          expect(seen).toEqual(events.map((lines) => lines.join("\n")));
        },
      ),
    );
  });

  it("are refused past the limit, in one line or in many", async ({ expect }) => {
    const half = `data: ${"x".repeat(MAX_EVENT_UNITS / 2)}`;
    for (const text of [`data: ${"x".repeat(MAX_EVENT_UNITS)}`, `${half}\n${half}\n`]) {
      const chunks = inPieces(new TextEncoder().encode(text), 1 << 20);
      await expect(collect(readEvents(chunks))).rejects.toThrow(
        new RangeError(`An event is longer than ${MAX_EVENT_UNITS} units.`),
      );
    }
  });
});

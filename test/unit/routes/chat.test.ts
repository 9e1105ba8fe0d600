import fc from "fast-check";
import { Hono } from "hono";
import { describe, it } from "vitest";
import {
  MAX_FILE_BYTES,
  MAX_FILES_PER_MESSAGE,
  MAX_TEXT_UNITS,
} from "../../../src/core/chat-protocol.ts";
import { assignRequestId, type HttpEnv, secureHeaders } from "../../../src/http/middleware.ts";
import { renderProblem } from "../../../src/http/problem.ts";
import { chat } from "../../../src/routes/chat.ts";
import {
  cookieOf,
  createFakeEnv,
  type FakeEnv,
  LINKED_ID,
  OWNER_ID,
  STORED_FILE_ID,
} from "./fake-env.ts";

const app = new Hono<HttpEnv>();
app.use(assignRequestId, secureHeaders);
app.route("/api/chat", chat);
app.onError((error, c) => renderProblem(error, c.get("requestId")));

const MESSAGE_ID = "0190a000-0000-4000-8000-00000000000a";
const SESSION = `web:main:${OWNER_ID}`;

async function call(fake: FakeEnv, path: string, init: RequestInit = {}): Promise<Response> {
  const cookie = await cookieOf(fake, OWNER_ID);
  const headers = { cookie, origin: "http://box", ...(init.headers as Record<string, string>) };
  return app.request(`http://box/api/chat${path}`, { ...init, headers }, fake.env);
}

function post(fake: FakeEnv, path: string, body: unknown, headers: Record<string, string> = {}) {
  return call(fake, path, { method: "POST", body: JSON.stringify(body), headers });
}

function message(change: Record<string, unknown> = {}) {
  return { id: MESSAGE_ID, text: "hello", files: [], ...change };
}

describe("a message from the page", () => {
  it("is accepted under its own id, in the person's own conversation", async ({ expect }) => {
    const fake = createFakeEnv();
    const response = await post(fake, "/messages", message({ text: "hi \ud800" }));
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({ status: "accepted" });
    const conversation = { id: OWNER_ID, kind: "direct" };
    expect(fake.accepted).toMatchObject([
      {
        session: SESSION,
        account: "web:main",
        speaker: { personId: OWNER_ID, role: "owner", lang: "en" },
        event: {
          kind: "message",
          key: MESSAGE_ID,
          message: {
            id: MESSAGE_ID,
            text: "hi \ufffd",
            conversation,
            target: { conversation },
            media: [],
          },
        },
      },
    ]);
  });

  it("is answered in the language that the page is read in", async ({ expect }) => {
    const fake = createFakeEnv();
    await post(fake, "/messages", message(), { "accept-language": "zh" });
    expect(fake.accepted[0]?.speaker.lang).toBe("zh");
  });

  it("says so when it came before, and when too many wait", async ({ expect }) => {
    const fake = createFakeEnv();
    fake.outcome = { status: "duplicate" };
    expect(await (await post(fake, "/messages", message())).json()).toEqual({
      status: "duplicate",
    });
    fake.outcome = { status: "full", retryAfterMs: 30_000 };
    const full = await post(fake, "/messages", message());
    expect(full.status).toBe(429);
    expect(full.headers.get("retry-after")).toBe("30");
    expect(await full.json()).toMatchObject({ code: "session/queue_full" });
  });

  it("follows a linked conversation", async ({ expect }) => {
    const fake = createFakeEnv();
    fake.movedTo = "telegram:main:7";
    const headers = { cookie: await cookieOf(fake, LINKED_ID) };
    expect((await post(fake, "/messages", message(), headers)).status).toBe(202);
    expect(fake.asked.at(-1)).toMatchObject({ session: "telegram:main:7", call: "accept" });
  });

  it("carries files that are stored, as the store describes them", async ({ expect }) => {
    const fake = createFakeEnv();
    await post(fake, "/messages", message({ text: "", files: [STORED_FILE_ID] }));
    expect(fake.accepted[0]?.event).toMatchObject({
      message: {
        media: [
          {
            kind: "image",
            fileId: STORED_FILE_ID,
            name: 'a "b".svg',
            mime: "image/png",
            sizeBytes: 5,
          },
        ],
      },
    });
    const unknown = await post(fake, "/messages", message({ files: [MESSAGE_ID] }));
    expect(await unknown.json()).toMatchObject({ status: 404, code: "file/unknown" });
    expect(fake.accepted).toHaveLength(1);
  });

  it("is taken up to the limits and refused beyond them", async ({ expect }) => {
    const fake = createFakeEnv();
    const files = Array.from({ length: MAX_FILES_PER_MESSAGE }, () => STORED_FILE_ID);
    expect((await post(fake, "/messages", message({ files }))).status).toBe(202);
    expect(
      (await post(fake, "/messages", message({ text: "界".repeat(MAX_TEXT_UNITS) }))).status,
    ).toBe(202);
    const beyond = [
      message({ files: [...files, STORED_FILE_ID] }),
      message({ text: "a".repeat(MAX_TEXT_UNITS + 1) }),
    ];
    for (const body of beyond)
      expect(await (await post(fake, "/messages", body)).json()).toMatchObject({
        code: "http/bad_request",
      });
    expect(fake.accepted).toHaveLength(2);
  });

  it("is refused in every other form, and nothing is stored", async ({ expect }) => {
    const fake = createFakeEnv();
    const wrong = [
      message({ text: " \n" }),
      message({ id: "1" }),
      message({ files: ["../x"] }),
      message({ role: "owner" }),
    ];
    for (const body of wrong) expect((await post(fake, "/messages", body)).status).toBe(400);
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (body) => {
        expect((await post(fake, "/messages", body)).status).toBe(400);
      }),
    );
    expect(fake.accepted).toEqual([]);
  });

  it("is refused from a stranger and from another site", async ({ expect }) => {
    const fake = createFakeEnv();
    const stranger = await post(fake, "/messages", message(), { cookie: "" });
    expect(await stranger.json()).toMatchObject({ status: 401, code: "http/unauthorized" });
    const foreign = await post(fake, "/messages", message(), { origin: "https://evil.example" });
    expect(await foreign.json()).toMatchObject({ status: 403, code: "http/forbidden" });
    expect(fake.asked).toEqual([]);
  });
});

describe("stopping", () => {
  it("is an event of its own each time", async ({ expect }) => {
    const fake = createFakeEnv();
    await post(fake, "/stop", {});
    await post(fake, "/stop", {});
    const keys = fake.accepted.map(({ event }) => event.key);
    expect(fake.accepted.map(({ event }) => event.kind)).toEqual(["stop", "stop"]);
    expect(new Set(keys).size).toBe(2);
  });
});

/** What the stream begins with; the reader then goes away. */
async function firstEvent({ body }: Response): Promise<string> {
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
  const first = await reader?.read();
  await reader?.cancel();
  return first?.value ?? "";
}

describe("following the conversation", () => {
  it("begins after the position the page has; Last-Event-ID goes before", async ({ expect }) => {
    const fake = createFakeEnv();
    const response = await call(fake, "/stream?after=7");
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("no-store, no-transform");
    expect(response.headers.get("rockpool-conversation")).toBe(SESSION);
    expect(await firstEvent(response)).toBe('id: 7\ndata: {"type":"ready","seq":7}\n\n');
    await firstEvent(await call(fake, "/stream?after=7", { headers: { "last-event-id": "9" } }));
    await firstEvent(await call(fake, "/stream"));
    expect(fake.asked.map(({ args }) => args[0])).toEqual([7, 9, undefined]);
  });

  it("begins anew where the position is one of another conversation", async ({ expect }) => {
    const fake = createFakeEnv();
    await firstEvent(await call(fake, `/stream?after=7&of=${encodeURIComponent(SESSION)}`));
    await firstEvent(await call(fake, "/stream?after=7&of=telegram%3Amain%3A7"));
    expect(fake.asked.map(({ args }) => args[0])).toEqual([7, undefined]);
  });

  it("refuses a position that is none", async ({ expect }) => {
    const fake = createFakeEnv();
    for (const after of ["-1", "1.5", "x", "1e3", "9".repeat(16)])
      expect((await call(fake, `/stream?after=${after}`)).status, after).toBe(400);
    expect(fake.asked).toEqual([]);
  });
});

describe("reading history", () => {
  it("asks for one page before a position", async ({ expect }) => {
    const fake = createFakeEnv();
    const page = await call(fake, "/history?before=40&limit=20");
    expect(await page.json()).toEqual({ messages: [], more: false });
    await call(fake, "/history");
    expect(fake.asked.map(({ args }) => args)).toEqual([
      [40, 20],
      [undefined, 50],
    ]);
    for (const query of ["limit=101", "limit=x", "before=-1"])
      expect((await call(fake, `/history?${query}`)).status, query).toBe(400);
  });
});

describe("files", () => {
  const upload = (fake: FakeEnv, query: string, body: BodyInit, type = "image/png") =>
    call(fake, `/files?${query}`, {
      method: "POST",
      body,
      headers: { "content-type": type },
      duplex: "half",
    } as RequestInit);

  it("are kept under a bare name and a plain type", async ({ expect }) => {
    const fake = createFakeEnv();
    const name = encodeURIComponent("../..\\evil\u202egnp.ex\u0000e");
    const response = await upload(fake, `name=${name}&kind=image`, "bytes", "Text/HTML; charset=x");
    expect(response.status).toBe(201);
    expect(fake.kept).toMatchObject([{ kind: "image", name: "evilgnp.exe", mime: "text/html" }]);
    await upload(fake, "name=..&kind=file", "b", "not a type");
    expect(fake.kept[1]).toMatchObject({ name: "file", mime: "application/octet-stream" });
  });

  it("are refused one byte above the limit", async ({ expect }) => {
    const fake = createFakeEnv();
    const limit = new Uint8Array(MAX_FILE_BYTES);
    expect((await upload(fake, "name=a&kind=file", limit)).status).toBe(201);
    const body = new Blob([limit, "x"]).stream();
    const refused = await upload(fake, "name=a&kind=file", body);
    expect(await refused.json()).toMatchObject({ status: 413, code: "file/too_large" });
    for (const query of [
      "kind=file",
      "name=a",
      "name=a&kind=sticker",
      `name=${"a".repeat(201)}&kind=file`,
    ])
      expect((await upload(fake, query, "b")).status, query).toBe(400);
    expect(fake.kept).toHaveLength(1);
  });

  it("are shown in place only when they are raster images, and never run", async ({ expect }) => {
    const fake = createFakeEnv();
    const image = await call(fake, `/files/${STORED_FILE_ID}`);
    expect(image.headers.get("content-type")).toBe("image/png");
    expect(image.headers.get("content-disposition")).toBe(
      `inline; filename="a _b_.svg"; filename*=UTF-8''a%20%22b%22.svg`,
    );
    for (const mime of ["image/svg+xml", "text/html", "application/pdf", "text/javascript"]) {
      fake.storedMime = mime;
      const { headers } = await call(fake, `/files/${STORED_FILE_ID}`);
      expect(headers.get("content-type")).toBe("application/octet-stream");
      expect(headers.get("content-disposition")).toMatch(/^attachment; /);
      expect(headers.get("content-security-policy")).toBe("default-src 'none'; sandbox");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
    }
  });

  it("are not found under an id that is none", async ({ expect }) => {
    const fake = createFakeEnv();
    expect((await call(fake, `/files/${MESSAGE_ID}`)).status).toBe(404);
    expect((await call(fake, "/files/..%2Fmaster.key")).status).toBe(400);
  });
});

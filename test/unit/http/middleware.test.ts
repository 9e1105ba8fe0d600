import fc from "fast-check";
import { Hono } from "hono";
import * as v from "valibot";
import { describe, it, vi } from "vitest";
import {
  assignRequestId,
  bodyMs,
  type HttpEnv,
  MAX_DISCARDED_BYTES,
  PAGE_POLICY,
  readBody,
  readJson,
  secureHeaders,
  verifySameOrigin,
} from "../../../src/http/middleware.ts";

function post(body: BodyInit, headers: Record<string, string> = {}): Request {
  // Node asks for `duplex` where the body is a stream; the DOM's types do not know it.
  const init = { method: "POST", body, headers, duplex: "half" };
  return new Request("http://box/", init);
}

function streamOf(chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
}

/** A body that never says how long it is, and notes whether its reader hung up. */
function endless(chunk: Uint8Array): {
  body: ReadableStream<Uint8Array>;
  cancelled: () => boolean;
} {
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(chunk),
    cancel: () => {
      cancelled = true;
    },
  });
  return { body, cancelled: () => cancelled };
}

describe("reading a body", () => {
  it("is given up when it comes too slowly, however it dribbles", async ({ expect }) => {
    vi.useFakeTimers();
    try {
      let timer: number | null = null;
      const dribble = new ReadableStream<Uint8Array>({
        start: (controller) => {
          timer = setInterval(() => controller.enqueue(new Uint8Array(1)), 1_000);
        },
        cancel: () => clearInterval(timer),
      });
      const read = readBody(post(dribble), 16_000).catch((error: unknown) => error);
      await vi.advanceTimersByTimeAsync(bodyMs(16_000) - 1);
      expect(vi.getTimerCount()).toBe(2);
      await vi.advanceTimersByTimeAsync(1);
      expect(await read).toMatchObject({
        code: "http/too_slow",
        message: "The body came too slowly.",
      });
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it("takes a body of exactly the limit and refuses one byte more", async ({ expect }) => {
    expect(await readBody(post("abcd"), 4)).toEqual(new TextEncoder().encode("abcd"));
    await expect(readBody(post("abcde"), 4)).rejects.toMatchObject({
      code: "http/too_large",
      message: "The body is larger than this address takes.",
    });
  });

  it("refuses by Content-Length before it reads what is too long to let pass", async ({
    expect,
  }) => {
    const { body } = endless(new Uint8Array(1));
    const request = post(body, { "content-length": String(MAX_DISCARDED_BYTES + 5) });
    await expect(readBody(request, 4)).rejects.toMatchObject({ code: "http/too_large" });
    expect(request.bodyUsed).toBe(false);
  });

  it("lets a refused body pass to its end, so that its sender sees the answer", async ({
    expect,
  }) => {
    let isRead = false;
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new Uint8Array(MAX_DISCARDED_BYTES - 1));
      },
      pull(controller) {
        isRead = true;
        controller.close();
      },
    });
    const request = post(body, { "content-length": "5" });
    await expect(readBody(request, 4)).rejects.toMatchObject({ code: "http/too_large" });
    expect(isRead).toBe(true);
  });

  it("stops an endless body without Content-Length at the limit", async ({ expect }) => {
    const { body, cancelled } = endless(new Uint8Array(64 * 1024));
    await expect(readBody(post(body), 10_000)).rejects.toMatchObject({ code: "http/too_large" });
    expect(cancelled()).toBe(true);
  });

  it("stops a body that is longer than its Content-Length says", async ({ expect }) => {
    const { body } = endless(new Uint8Array(64));
    const request = post(body, { "content-length": "10" });
    await expect(readBody(request, 100)).rejects.toMatchObject({ code: "http/too_large" });
  });

  it("says so when the sender goes away", async ({ expect }) => {
    const body = new ReadableStream<Uint8Array>({ pull: (c) => c.error(new Error("reset")) });
    await expect(readBody(post(body), 10)).rejects.toMatchObject({
      code: "http/bad_request",
      message: "The body broke off.",
    });
  });

  it("gives back the very bytes, however they are cut", async ({ expect }) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 }),
        async (cut) => {
          const parts = cut.filter((chunk) => chunk.byteLength > 0);
          const whole = await readBody(post(streamOf(parts)), 1000);
          expect([...whole]).toEqual(parts.flatMap((chunk) => [...chunk]));
        },
      ),
    );
  });
});

describe("reading JSON", () => {
  const schema = v.strictObject({ text: v.string() });

  it("takes what the schema takes", async ({ expect }) => {
    expect(await readJson(post('{"text":"hi"}'), schema, 100)).toEqual({ text: "hi" });
  });

  it("answers every other body with http/bad_request", async ({ expect }) => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), async (bytes) => {
        await expect(readJson(post(bytes), schema, 100)).rejects.toMatchObject({
          code: "http/bad_request",
        });
      }),
    );
    await expect(readJson(post('{"text":"a","more":1}'), schema, 100)).rejects.toMatchObject({
      code: "http/bad_request",
    });
  });
});

describe("the origin of a call that changes something", () => {
  function call(headers: Record<string, string>, method = "POST"): Request {
    return new Request("http://box:8787/api/chat/stop", { method, headers });
  }
  const refused = { code: "http/forbidden" };

  it("is our own page, also behind a proxy that ends TLS", ({ expect }) => {
    verifySameOrigin(call({ origin: "http://box:8787" }), undefined);
    verifySameOrigin(call({ origin: "https://box:8787" }), undefined);
    verifySameOrigin(call({ origin: "https://chat.example" }), "https://chat.example");
    expect(() => verifySameOrigin(call({}, "GET"), undefined)).not.toThrow();
  });

  it("is refused when it is missing, null, broken or elsewhere", ({ expect }) => {
    const foreign = [
      {},
      { origin: "null" },
      { origin: "box:8787" },
      { origin: "http://box:8788" },
      { origin: "http://box" },
      { origin: "http://box.evil.example:8787" },
      { origin: "https://evil.example" },
    ];
    for (const headers of foreign) {
      expect(() => verifySameOrigin(call(headers), "https://chat.example")).toThrow(
        expect.objectContaining(refused),
      );
    }
  });

  it("is never a text that only looks like our host", ({ expect }) => {
    fc.assert(
      fc.property(fc.webUrl(), (origin) => {
        expect(() => verifySameOrigin(call({ origin }), undefined)).toThrow(
          expect.objectContaining(refused),
        );
      }),
    );
  });
});

describe("headers of every answer", () => {
  const app = new Hono<HttpEnv>();
  app.use(assignRequestId, secureHeaders);
  app.get("/data", (c) => c.json({}));
  app.get("/page", (c) => c.html("", 200, { "content-security-policy": PAGE_POLICY }));

  it("name the request and forbid what nobody needs", async ({ expect }) => {
    const { headers } = await app.request("/data");
    expect(headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("permissions-policy")).toContain("microphone=()");
    expect(headers.get("content-security-policy")).toMatch(/^default-src 'none'; base-uri/);
  });

  it("keep a policy that the handler set", async ({ expect }) => {
    const { headers } = await app.request("/page");
    expect(headers.get("content-security-policy")).toBe(PAGE_POLICY);
    expect(PAGE_POLICY).not.toMatch(/unsafe|\*|https?:/);
  });

  it("stand on the answer to an unknown path too", async ({ expect }) => {
    expect((await app.request("/none")).headers.get("x-content-type-options")).toBe("nosniff");
  });
});

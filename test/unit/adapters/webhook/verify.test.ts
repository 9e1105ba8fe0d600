import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, it } from "vitest";
import type { Account } from "../../../../src/adapters/adapter.ts";
import { MAX_SIGNATURES, TOLERANCE_MS, verify } from "../../../../src/adapters/webhook/verify.ts";
import { accountKey } from "../../../../src/core/ids.ts";

const vector = JSON.parse(
  readFileSync(
    new URL("../../../fixtures/webhook/standard-webhooks.json", import.meta.url),
    "utf8",
  ),
) as Record<"secret" | "id" | "timestamp" | "body" | "signature", string>;

const nowMs = Number(vector.timestamp) * 1000;
const message = JSON.stringify({ conversation: "c1", user: "u1", text: "hi" });

function account(secret: string | undefined = vector.secret): Account {
  return {
    key: accountKey("webhook", "main"),
    channel: "webhook",
    name: "main",
    access: "open",
    transport: "webhook",
    settings: {},
    secrets: secret === undefined ? {} : { secret },
  };
}

function signature(body: string, id = vector.id, timestamp = vector.timestamp): string {
  const key = Buffer.from(vector.secret.slice("whsec_".length), "base64");
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
}

function call(body: string, headers: Record<string, string> = {}, at = nowMs, from = account()) {
  return verify(
    {
      method: "POST",
      url: new URL("https://box.example/webhooks/webhook/main"),
      headers: new Headers({
        "webhook-id": vector.id,
        "webhook-timestamp": vector.timestamp,
        "webhook-signature": signature(body),
        ...headers,
      }),
      readBytes: () => Promise.resolve(new TextEncoder().encode(body)),
    },
    from,
    { fetch: () => Promise.reject(new Error("verify makes no calls")), nowMs: () => at },
  );
}

const BAD_SIGNATURE = {
  code: "webhook/bad_signature",
  message: "The secret or signature does not match.",
};
const MISSING_HEADERS = {
  code: "webhook/bad_signature",
  message: "The headers webhook-id, webhook-timestamp and webhook-signature are expected.",
};
const STALE = {
  code: "webhook/stale",
  message: "The signature's time is too far from this box's clock.",
};

describe("verify of the generic webhook", () => {
  it("accepts the published vector's signature and then names what its body lacks", async ({
    expect,
  }) => {
    await expect(
      call(vector.body, { "webhook-signature": vector.signature }),
    ).rejects.toMatchObject({
      code: "webhook/bad_payload",
      message: 'conversation: "conversation" is expected.',
    });
  });

  it("hands out the checked body with the id and time of its headers", async ({ expect }) => {
    expect(await call(message)).toEqual({
      kind: "payload",
      payload: {
        id: vector.id,
        atMs: nowMs,
        body: { conversation: "c1", user: "u1", text: "hi", group: false, mentioned: false },
      },
    });
  });

  it("refuses a body, id or time that was not signed", async ({ expect }) => {
    const signed = { "webhook-signature": signature(message) };
    await expect(call(`${message} `, signed)).rejects.toMatchObject(BAD_SIGNATURE);
    await expect(call(message, { ...signed, "webhook-id": "msg_2" })).rejects.toMatchObject(
      BAD_SIGNATURE,
    );
    const later = String(Number(vector.timestamp) + 1);
    await expect(call(message, { ...signed, "webhook-timestamp": later })).rejects.toMatchObject(
      BAD_SIGNATURE,
    );
  });

  it("takes a time at the edge of the window and refuses one past it, early or late", async ({
    expect,
  }) => {
    for (const sign of [-1, 1]) {
      const edge = nowMs + sign * TOLERANCE_MS;
      expect((await call(message, {}, edge)).kind).toBe("payload");
      await expect(call(message, {}, edge + sign)).rejects.toMatchObject(STALE);
    }
  });

  it("accepts one right signature among several, as at a change of the secret", async ({
    expect,
  }) => {
    const other = `v1,${Buffer.alloc(32).toString("base64")}`;
    const list = `v1a,xyz ${other} ${signature(message)}`;
    expect((await call(message, { "webhook-signature": list })).kind).toBe("payload");
  });

  it("tries a limited number of signatures", async ({ expect }) => {
    const other = `v1,${Buffer.alloc(32).toString("base64")}`;
    const wrong = (count: number) => `${other} `.repeat(count) + signature(message);
    expect((await call(message, { "webhook-signature": wrong(MAX_SIGNATURES - 1) })).kind).toBe(
      "payload",
    );
    await expect(
      call(message, { "webhook-signature": wrong(MAX_SIGNATURES) }),
    ).rejects.toMatchObject(BAD_SIGNATURE);
  });

  it("refuses missing, empty and malformed headers", async ({ expect }) => {
    const broken: Record<string, string>[] = [
      { "webhook-id": "" },
      { "webhook-id": "a.b" },
      { "webhook-id": "x".repeat(257) },
      { "webhook-timestamp": "" },
      { "webhook-timestamp": "-5" },
      { "webhook-timestamp": "1e9" },
      { "webhook-timestamp": "NaN" },
      { "webhook-signature": "" },
      { "webhook-signature": `v1,${"!".repeat(44)}` },
      { "webhook-signature": signature(message).replace("v1,", "v2,") },
      { "webhook-signature": signature(message).slice(3) },
    ];
    for (const headers of broken)
      await expect(call(message, headers)).rejects.toMatchObject(MISSING_HEADERS);
    await expect(call(message, { "webhook-signature": "v1," })).rejects.toMatchObject(
      BAD_SIGNATURE,
    );
  });

  it("serves no account without a usable secret", async ({ expect }) => {
    const secrets = ["", "whsec_", "whsec_AAAA", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"];
    for (const from of [account(""), ...secrets.map(account)])
      await expect(call(message, {}, nowMs, from)).rejects.toMatchObject({
        code: "webhook/bad_signature",
        message: "The account has no usable secret.",
      });
  });

  it("names the wrong part of a signed body and never repeats it", async ({ expect }) => {
    const cases: [string, string][] = [
      ["{", "The body is no JSON in UTF-8."],
      ["[]", 'conversation: "conversation" is expected.'],
      ["7", "the body: Object is expected."],
      [
        JSON.stringify({ conversation: "", user: "u", text: "x" }),
        "conversation: >=1 is expected.",
      ],
      [
        JSON.stringify({ conversation: "c".repeat(201), user: "u", text: "x" }),
        "conversation: <=200 is expected.",
      ],
      [
        JSON.stringify({ conversation: "c", user: 42, text: "x" }),
        "user: (string | Object) is expected.",
      ],
      [
        JSON.stringify({ conversation: "c", user: "u", text: "s3cret".repeat(20_000) }),
        "text: <=100000 is expected.",
      ],
    ];
    for (const [body, detail] of cases)
      await expect(call(body)).rejects.toMatchObject({
        code: "webhook/bad_payload",
        message: detail,
      });
  });

  it("refuses bytes that are no UTF-8", async ({ expect }) => {
    const body = Buffer.concat([Buffer.from('{"text":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    const key = Buffer.from(vector.secret.slice("whsec_".length), "base64");
    const mac = createHmac("sha256", key)
      .update(Buffer.concat([Buffer.from(`${vector.id}.${vector.timestamp}.`), body]))
      .digest("base64");
    const request = {
      method: "POST",
      url: new URL("https://box.example/"),
      headers: new Headers({
        "webhook-id": vector.id,
        "webhook-timestamp": vector.timestamp,
        "webhook-signature": `v1,${mac}`,
      }),
      readBytes: () => Promise.resolve(new Uint8Array(body)),
    };
    const io = { fetch, nowMs: () => nowMs };
    await expect(verify(request, account(), io)).rejects.toMatchObject({
      code: "webhook/bad_payload",
      message: "The body is no JSON in UTF-8.",
    });
  });

  it("answers any headers and body with a code, and accepts none unsigned", async ({ expect }) => {
    const header = fc.string({ unit: fc.constantFrom(..."v1,=aA0 .+/-") });
    await fc.assert(
      fc.asyncProperty(header, header, header, fc.string(), async (id, time, list, body) => {
        const headers = {
          "webhook-id": id,
          "webhook-timestamp": time,
          "webhook-signature": list,
        };
        await expect(call(body, headers)).rejects.toMatchObject({
          code: expect.stringMatching(/^webhook\//),
        });
      }),
    );
  });
});

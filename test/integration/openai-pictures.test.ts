/** Pictures in conversations that programs speak to by the OpenAI-compatible API: kept, shown, bounded, and refused in one piece. */
import {
  createExecutionContext,
  runInDurableObject,
  waitOnExecutionContext,
} from "cloudflare:test";
import { afterAll, beforeAll, describe, it, vi } from "vitest";
import { publicApp } from "../../src/app.ts";
import { encodeSessionKey, type PersonId } from "../../src/core/ids.ts";
import { MAX_PICTURE_BYTES, MAX_PICTURE_PIXELS, MAX_PICTURES } from "../../src/core/picture.ts";
import { forgetDirectory, openDirectory } from "../../src/do/directory/directory-client.ts";
import { env } from "../support/integration.ts";
import { ScriptedModel } from "../support/scripted-model.ts";

const model = new ScriptedModel();
model.capabilities = ["completion", "vision"];

beforeAll(() => {
  vi.stubGlobal("fetch", model.fetch);
});
afterAll(() => {
  vi.unstubAllGlobals();
});

/** The beginning of a PNG of this size, told apart by its last byte. */
function png(mark: number, { width = 10, height = 10, bytes = 100 } = {}): string {
  const data = new Uint8Array(bytes);
  data.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]);
  const view = new DataView(data.buffer);
  view.setUint32(16, width);
  view.setUint32(20, height);
  data[bytes - 1] = mark;
  return data.toBase64();
}

const image = (data: string, type = "png") => ({
  type: "image_url",
  image_url: { url: `data:image/${type};base64,${data}` },
});

interface Caller {
  personId: PersonId;
  key: string;
}

/** A member of his own, with a key. */
async function createCaller(): Promise<Caller> {
  const personId = crypto.randomUUID() as PersonId;
  await runInDurableObject(openDirectory(env), (_instance, { storage }) =>
    storage.sql.exec("INSERT INTO people VALUES (?, 'member', 'Bo', 'en', 1)", personId).toArray(),
  );
  const name = personId.slice(0, 8);
  const { key } = await openDirectory(env).createApiKey({
    name,
    scopes: ["chat"],
    person: personId,
  });
  forgetDirectory();
  return { personId, key };
}

async function send(
  { key }: Caller,
  content: readonly unknown[],
  headers: Record<string, string> = {},
): Promise<Response> {
  const context = createExecutionContext();
  const body = { model: "test:1b", messages: [{ role: "user", content }] };
  const request = new Request("https://box.example/v1/chat/completions", {
    method: "POST",
    headers: {
      authorization: `Bearer ${key}`,
      "content-type": "application/json",
      "x-rockpool-session": "album",
      ...headers,
    },
    body: JSON.stringify(body),
  });
  const response = await publicApp.fetch(request, env, context);
  await waitOnExecutionContext(context);
  return response;
}

function sql({ personId }: Caller, query: string) {
  const at = { channel: "api", account: "main", conversation: personId, thread: "album" };
  return runInDurableObject(env.SESSION.getByName(encodeSessionKey(at)), (_instance, { storage }) =>
    storage.sql.exec(query).toArray(),
  );
}

const text = (words: string) => ({ type: "text", text: words });

describe("a picture in a session", () => {
  it("is kept sealed, shown to the model that sees, and again with the next question", async ({
    expect,
  }) => {
    const bo = await createCaller();
    const asked = send(bo, [text("what is it?"), image(png(7))]);
    const first = await model.answer("a cat");
    expect(await (await asked).json()).toMatchObject({
      choices: [{ message: { content: "a cat" } }],
    });
    expect(first.told.at(-1)).toMatchObject({ images: [png(7)] });
    const files = await sql(bo, "SELECT kind, size_bytes FROM files");
    expect(files).toEqual([{ kind: "image", size_bytes: 100 }]);
    const [chunk] = await sql(bo, "SELECT hex(body) AS hex FROM file_chunks");
    expect(String(chunk?.hex)).not.toContain("89504E47");
    const again = send(bo, [text("and its colour?")]);
    const second = await model.answer("black");
    await again;
    expect(second.told.flatMap(({ images }) => images ?? [])).toEqual([png(7)]);
  });

  it("needs no words, and comes with a repeat once", async ({ expect }) => {
    const bo = await createCaller();
    const repeat = { "idempotency-key": "k1" };
    const asked = send(bo, [image(png(1)), image(png(2))], repeat);
    const chat = await model.answer("two");
    expect(await (await asked).text()).toContain("two");
    expect(chat.told.at(-1)?.images).toEqual([png(1), png(2)]);
    expect(await (await send(bo, [image(png(1)), image(png(2))], repeat)).text()).toContain("two");
    expect(await sql(bo, "SELECT count(*) AS n FROM files")).toEqual([{ n: 2 }]);
    expect(await sql(bo, "SELECT count(*) AS n FROM messages WHERE role = 'user'")).toEqual([
      { n: 1 },
    ]);
  });

  it.for<[string, readonly unknown[], number, string, string]>([
    [
      "more than a model is shown",
      Array.from({ length: MAX_PICTURES + 1 }, (_, mark) => image(png(mark))),
      400,
      "http/bad_request",
      `at most ${MAX_PICTURES} pictures`,
    ],
    ["what is no picture", [image("AAAA")], 400, "http/bad_request", "Picture 1 is no PNG"],
    ["a broken end", [image("A")], 400, "http/bad_request", "Picture 1 is no PNG"],
    ["a GIF", [image("R0lGODlhAQABAAAAACw=", "gif")], 400, "http/bad_request", "no PNG"],
    [
      "one of too many bytes",
      [image(png(0, { bytes: MAX_PICTURE_BYTES + 1 }))],
      413,
      "file/too_large",
      "Picture 1 is larger than 4 MB or 32 megapixels.",
    ],
    [
      "one of too many pixels",
      [image(png(0)), image(png(0, { width: MAX_PICTURE_PIXELS + 1, height: 1 }))],
      413,
      "file/too_large",
      "Picture 2 is larger",
    ],
    [
      "one by its address",
      [{ type: "image_url", image_url: { url: "https://a.example/cat.png" } }],
      400,
      "http/bad_request",
      "content.0.image_url.url: a data: URL of a PNG, JPEG, WebP or GIF (no address is fetched) is expected.",
    ],
  ])(
    "is refused as %s, and nothing is kept",
    async ([, content, status, code, words], { expect }) => {
      const bo = await createCaller();
      const refused = await send(bo, content);
      expect(refused.status).toBe(status);
      expect(await refused.json()).toMatchObject({
        error: { code, message: expect.stringContaining(words) },
      });
      expect(await sql(bo, "SELECT 1 FROM files UNION ALL SELECT 1 FROM messages")).toEqual([]);
    },
  );

  it("counts as a file of its person: over the limit none of the message's is kept", async ({
    expect,
  }) => {
    const bo = await createCaller();
    await openDirectory(env).changePerson(
      bo.personId,
      { what: "limit", name: "files_day", value: 1 },
      "owner",
    );
    forgetDirectory();
    const refused = await send(bo, [image(png(1)), image(png(2))]);
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({
      error: { code: "quota/reached", message: expect.stringContaining("1 file") },
    });
    expect(await sql(bo, "SELECT 1 FROM files UNION ALL SELECT 1 FROM file_chunks")).toEqual([]);
  });
});

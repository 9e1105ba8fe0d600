/** What messengers, their platforms and callers of webhooks send, and the documents that come with it. */
import { parseExactJson } from "../../../src/adapters/telegram/exact-json.ts";
import { parseUpdate } from "../../../src/adapters/telegram/parse.ts";
import { renderMarkdown } from "../../../src/adapters/telegram/render.ts";
import { verifyUpdate } from "../../../src/adapters/telegram/verify.ts";
import { parse as parseWebhook, readBody } from "../../../src/adapters/webhook/parse.ts";
import { parseCommand } from "../../../src/core/command.ts";
import { decodeSessionKey } from "../../../src/core/ids.ts";
import { parsePicture } from "../../../src/core/picture.ts";
import { readDocument } from "../../../src/documents/read-document.ts";
import { createUpdates } from "../../support/fake-telegram-updates.ts";
import {
  createTelegramAccount,
  createWebhookCall,
  FAKE_SECRET,
} from "../../support/telegram-account.ts";
import { zipOf } from "../../support/zip-archive.ts";
import { coded, type FuzzedParser, fuzzBytes, fuzzJson, fuzzText, named } from "./fuzzed-parser.ts";

const updates = createUpdates();
const UPDATES = [
  updates.text(1, "hello"),
  updates.groupMention(-5, 2, "what is it?"),
  updates.groupReply(-5, 2, "and now?", 7),
  updates.edit(1, 3, "better"),
  updates.photo(1, "file", "look"),
  updates.voice(1, "file", 4),
  updates.document(1, "file", "a.pdf", "application/pdf"),
  updates.stop(1, 9),
];

const account = createTelegramAccount();
const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

const WEBHOOK = {
  conversation: "notes",
  user: { id: "ada", name: "Ada", lang: "en" },
  text: "Hello",
  group: true,
  mentioned: false,
};

const fromHex = (text: string) => new Uint8Array(Buffer.from(text, "hex"));

const PNG = fromHex("89504e470d0a1a0a0000000d49484452000002000000018008060000001f");
const JPEG = fromHex("ffd8ffe000040102ffffc00011080180020003012200021101031101");
const WEBP = fromHex(
  "5249464600000000574542505650384c000000002fffc15f0000000000000000000000000000",
);

const MARKDOWN = [
  "# Title\n\n- one\n- *two* **three** `four` ~~five~~\n\n> quote\n\n```ts\nconst a = `b`;\n```",
  "| a | b |\n| --- | --- |\n| [x](https://a.example) | ![y](http://b.example/c.png) |",
  "1. a\n   1. b <b>html</b> &amp; <a href='javascript:x'>c</a> https://d.example",
];

const WORDS =
  "<w:document><w:p><w:r><w:t>One &amp; two</w:t></w:r></w:p><w:tbl><w:tc><w:t>3</w:t></w:tc></w:tbl></w:document>";
const DOCX = zipOf([
  { name: "[Content_Types].xml", content: "<Types/>" },
  { name: "word/document.xml", content: WORDS },
  { name: "word/media/a.png", content: "PNG", method: 0 },
]);
const PAGES = ["<p>a</p>", "\ufeff我"].map((text) => new TextEncoder().encode(text));

export const CHANNELS: readonly FuzzedParser[] = [
  fuzzJson("Telegram's updates", UPDATES, (value) => parseUpdate(value, account)),
  fuzzText(
    "JSON with large numbers",
    UPDATES.map((update) => JSON.stringify(update)),
    parseExactJson,
    {
      isRefusal: named("SyntaxError", "RangeError"),
    },
  ),
  fuzzBytes(
    "calls of Telegram's webhook",
    UPDATES.map(encode),
    (body) => verifyUpdate(createWebhookCall(body, FAKE_SECRET), account),
    { isRefusal: coded("webhook/bad_payload"), runs: 4_000 },
  ),
  fuzzBytes("bodies of the generic webhook", [encode(WEBHOOK)], readBody, {
    isRefusal: coded("webhook/bad_payload"),
  }),
  fuzzJson("payloads of the generic webhook", [{ id: "1", atMs: 1, body: WEBHOOK }], parseWebhook),
  fuzzText(
    "commands",
    ["/remind tomorrow at 8: tea", "/model@rockpool_bot fast", "/帮助"],
    parseCommand,
  ),
  fuzzText("names of conversations", ["telegram:main:42", "web:main:a%3Ab:7"], decodeSessionKey),
  fuzzBytes("beginnings of pictures", [PNG, JPEG, WEBP], parsePicture),
  fuzzBytes("Word documents", [DOCX], (bytes) => readDocument("docx", bytes), { runs: 4_000 }),
  fuzzBytes("pages as documents", PAGES, (bytes) => readDocument("html", bytes), { runs: 4_000 }),
  fuzzText("Markdown for Telegram", MARKDOWN, renderMarkdown, { runs: 3_000 }),
];

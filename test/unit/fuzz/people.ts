/** What browsers and programs send: keys, tokens, chats of the API; and what the page is told by the server. */
import * as v from "valibot";
import { createEventParser } from "../../../src/console/chat/event-parser.ts";
import { parseOwnerToken } from "../../../src/console/owner-link.ts";
import { parseStreamEvent } from "../../../src/console/schemas.ts";
import { parseIpBlocks } from "../../../src/core/ip-address.ts";
import { parseExportToken } from "../../../src/core/own-export.ts";
import { parseRoleQuotas } from "../../../src/core/quotas.ts";
import { parseDefinition } from "../../../src/flows/definition.ts";
import { parseOwnPatterns } from "../../../src/redaction/own-patterns.ts";
import { chatSchema } from "../../../src/routes/openai/chat-schema.ts";
import { newPasskeySchema, passkeySchema } from "../../../src/routes/passkey-schema.ts";
import { createApiKey, parseApiKey } from "../../../src/security/api-key.ts";
import { openBoxSecret } from "../../../src/security/box-secret.ts";
import { createRefreshToken, parseRefreshToken } from "../../../src/security/refresh-token.ts";
import { decodeBase64, decodeHex } from "../../../src/security/signature.ts";
import { writeFlow } from "../flows/small-flow.ts";
import { coded, type FuzzedParser, fuzzJson, fuzzText, named } from "./fuzzed-parser.ts";

const BOX_SECRET = await openBoxSecret("5e".repeat(32));

const CHAT = {
  model: "auto",
  stream: true,
  temperature: 0.5,
  stop: ["END"],
  messages: [
    { role: "system", content: "Be kind." },
    {
      role: "user",
      content: [
        { type: "text", text: "hi" },
        { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
      ],
    },
    {
      role: "assistant",
      content: null,
      tool_calls: [{ id: "1", type: "function", function: { name: "x", arguments: '{"a":1}' } }],
    },
    { role: "tool", tool_call_id: "1", content: "2" },
  ],
  tools: [
    { type: "function", function: { name: "x", description: "y", parameters: { type: "object" } } },
  ],
  response_format: { type: "json_schema", json_schema: { name: "z", schema: { type: "object" } } },
};

const CREDENTIAL = {
  id: "AbC_-9",
  rawId: "AbC_-9",
  type: "public-key",
  clientExtensionResults: { credProps: { rk: true } },
  authenticatorAttachment: "platform",
};

const PASSKEY_MADE = {
  ...CREDENTIAL,
  response: { clientDataJSON: "eyJ0eXBl", attestationObject: "o2NmbXRk", transports: ["internal"] },
};

const PASSKEY_SHOWN = {
  ...CREDENTIAL,
  response: {
    clientDataJSON: "eyJ0eXBl",
    authenticatorData: "SZYN5YgO",
    signature: "MEUCIQ",
    userHandle: "cDE",
  },
};

const isError = named("Error");

function parserOf(schema: v.GenericSchema): (value: unknown) => unknown {
  return (value) => v.parse(schema, value);
}

export const PEOPLE: readonly FuzzedParser[] = [
  fuzzJson("chats of the OpenAI-compatible API", [CHAT], (value) => v.safeParse(chatSchema, value)),
  fuzzText("API keys", [createApiKey(), "rkp_x"], parseApiKey),
  fuzzText("refresh tokens", [await createRefreshToken(BOX_SECRET, crypto.randomUUID())], (text) =>
    parseRefreshToken(BOX_SECRET, text),
  ),
  fuzzText("limits of roles", ["guest.messages_day=50, member.tokens_day=none"], parseRoleQuotas, {
    isRefusal: isError,
  }),
  fuzzText("hexadecimal", ["00ff", "DEADBEEF"], decodeHex),
  fuzzText("base64", ["AAAA", "a+/=", "whsec"], decodeBase64),
  fuzzText(
    "blocks of addresses",
    ["10.0.0.0/8, fd00::/8", "::ffff:1.2.3.4", "192.168.1.1"],
    parseIpBlocks,
  ),
  fuzzJson("passkeys that are made", [PASSKEY_MADE], parserOf(newPasskeySchema), {
    isRefusal: named("ValiError"),
  }),
  fuzzJson("passkeys that are shown", [PASSKEY_SHOWN], parserOf(passkeySchema), {
    isRefusal: named("ValiError"),
  }),
  fuzzText("links to copies of the own data", ["#export=abc-_9", "#owner=x"], parseExportToken),
  fuzzText("owner links", ["#owner=abcdefghijklmnop", "#sign-in=x"], parseOwnerToken),
  fuzzText(
    "streams of events",
    ['event: a\ndata: {"type":"turn"}\n\n', ": ping\r\ndata: x\r\ndata: y\r\n\r\n"],
    (text) => createEventParser().push(text),
  ),
  fuzzText(
    "events of the page",
    ['{"type":"turn","turnId":"1","text":"x"}', '{"type":"ready"}'],
    parseStreamEvent,
  ),
  fuzzJson("definitions of flows", [writeFlow()], parseDefinition, {
    isRefusal: coded("flow/bad_definition"),
    runs: 4_000,
  }),
  fuzzText(
    "patterns of what is masked",
    ["a = EMP-\\d{4,6}\nb = (?i)blue (whale|heron)"],
    parseOwnPatterns,
    {
      isRefusal: isError,
      runs: 4_000,
    },
  ),
];

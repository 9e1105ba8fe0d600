/** What the page is told: by the server, and by the address that a provider sends the browser back to. */
import {
  parseCredentials,
  parseDevices,
  parseStart,
  parseTicket,
  parseWays,
} from "../../../src/console/account/schemas.ts";
import {
  parseHistory,
  parseMe,
  parseMedia,
  parseProblem,
  parseRenewed,
} from "../../../src/console/schemas.ts";
import { type FuzzedParser, fuzzJson, named } from "./fuzzed-parser.ts";

const options = { isRefusal: named("ValiError"), runs: 1_500 };

const MEDIA = { kind: "image", fileId: "f1", mime: "image/png", name: "a.png", sizeBytes: 12 };
const MESSAGE = {
  seq: 1,
  id: "m1",
  role: "user",
  text: "hi",
  atMs: 1,
  channel: "web",
  sender: "Ada",
  media: [MEDIA],
  cut: "stopped",
};
const ME = { personId: "p1", role: "owner", name: "Ada", lang: "en", endsInMs: 900_000 };
const DEVICE = {
  id: "d1",
  name: "Firefox",
  method: "link",
  signedInAtMs: 1,
  lastSeenAtMs: 2,
  isThis: true,
};
const CREDENTIALS = {
  name: "ada",
  passkeys: [{ id: "k1", name: "Key", host: "box.example", createdAtMs: 1, usedAtMs: 2 }],
  linkedAtMs: 3,
  canChange: true,
};
const PROBLEM = { code: "http/forbidden", detail: "No.", fix: "Do." };

export const PAGE: readonly FuzzedParser[] = [
  fuzzJson("who is signed in", [ME], parseMe, options),
  fuzzJson("ends of sessions", [{ endsInMs: 900_000 }], parseRenewed, options),
  fuzzJson("histories", [{ messages: [MESSAGE], more: false }], parseHistory, options),
  fuzzJson("files of messages", [MEDIA], parseMedia, options),
  fuzzJson("problems", [PROBLEM], parseProblem, options),
  fuzzJson("signed-in devices", [[DEVICE]], parseDevices, options),
  fuzzJson("what one signs in with", [CREDENTIALS], parseCredentials, options),
  fuzzJson("tickets", [{ ticket: "abc-_9" }], parseTicket, options),
  fuzzJson("ways to sign in", [{ provider: "login.example" }], parseWays, options),
  fuzzJson("ways to a provider", [{ location: "https://login.example/a" }], parseStart, options),
];

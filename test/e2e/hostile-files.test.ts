/** Files that are made to harm who opens them: kept as they are, never run, shown by no browser but as a picture. */
import { afterAll, beforeAll, describe, it } from "vitest";
import { type RockpoolProcess, startRockpool } from "../support/rockpool-process.ts";
import { signInToWeb, type WebPerson } from "../support/web-person.ts";

let rockpool: RockpoolProcess;
let owner: WebPerson;

beforeAll(async () => {
  rockpool = await startRockpool();
  owner = await signInToWeb(rockpool.ownerLink);
});
afterAll(() => rockpool.discard());

const SCRIPT = "<script>fetch('/api/me')</script>";
const text = (content: string) => new Uint8Array(Buffer.from(content));
const PNG = new Uint8Array(Buffer.from("89504e470d0a1a0a", "hex"));

interface HostileFile {
  what: string;
  name: string;
  mime: string;
  bytes: Uint8Array<ArrayBuffer>;
  /** As it is handed back. */
  shown: { name: string; type: string; how: "attachment" | "inline" };
}

const UNKNOWN = { type: "application/octet-stream", how: "attachment" } as const;

const FILES: HostileFile[] = [
  {
    what: "a page with a script",
    name: "invoice.html",
    mime: "text/html; charset=utf-8",
    bytes: text(SCRIPT),
    shown: { name: "invoice.html", ...UNKNOWN },
  },
  {
    what: "a drawing with a script",
    name: "logo.svg",
    mime: "image/svg+xml",
    bytes: text(`<svg xmlns="http://www.w3.org/2000/svg">${SCRIPT}</svg>`),
    shown: { name: "logo.svg", ...UNKNOWN },
  },
  {
    what: "an archive whose entry leaves its folder",
    name: "photos.zip",
    mime: "application/zip",
    bytes: text("PK\u0003\u0004../../etc/cron.d/x"),
    shown: { name: "photos.zip", ...UNKNOWN },
  },
  {
    what: "a name that leads out of a folder",
    name: "../../../etc/passwd",
    mime: "text/plain",
    bytes: text("x"),
    shown: { name: "passwd", ...UNKNOWN },
  },
  {
    what: "a name of Windows with a path",
    name: "C:\\Windows\\System32\\evil.exe",
    mime: "application/x-msdownload",
    bytes: text("MZ"),
    shown: { name: "evil.exe", ...UNKNOWN },
  },
  {
    what: "a name whose ending reads the other way round",
    name: "annual\u202efdp.exe",
    mime: "application/pdf",
    bytes: text("MZ"),
    shown: { name: "annualfdp.exe", ...UNKNOWN },
  },
  {
    what: "a name that would add a header",
    name: 'a"\r\nset-cookie: stolen=1;.txt',
    mime: "text/plain",
    bytes: text("x"),
    shown: { name: 'a"set-cookie: stolen=1;.txt', ...UNKNOWN },
  },
  {
    what: "a page that says it is a picture",
    name: "cat.png",
    mime: "image/png",
    bytes: text(SCRIPT),
    shown: { name: "cat.png", type: "image/png", how: "inline" },
  },
  {
    what: "a picture that says it is a page",
    name: "cat.html",
    mime: "text/html",
    bytes: PNG,
    shown: { name: "cat.html", ...UNKNOWN },
  },
  {
    what: "a type that is none",
    name: "x.bin",
    mime: "text/html/../../javascript",
    bytes: text(SCRIPT),
    shown: { name: "x.bin", ...UNKNOWN },
  },
];

/** The name behind `filename*`, as RFC 6266 has it. */
function nameIn(disposition: string): string {
  const [, encoded = ""] = /; filename\*=UTF-8''(\S+)$/.exec(disposition) ?? [];
  return decodeURIComponent(encoded);
}

describe("a file that is made to harm who opens it", () => {
  it.for(FILES)("is handed back as it came, and run by nobody: $what", async (file, { expect }) => {
    const stored = await owner.upload(file.name, file.mime, file.bytes);
    expect(stored.status).toBe(201);
    const { fileId, name } = (await stored.json()) as { fileId: string; name: string };
    expect(name).toBe(file.shown.name);
    const response = await owner.get(`/api/chat/files/${fileId}`);
    expect(response.status).toBe(200);
    const { headers } = response;
    expect(headers.get("content-type")).toBe(file.shown.type);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("content-security-policy")).toBe("default-src 'none'; sandbox");
    expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
    expect(headers.get("set-cookie")).toBeNull();
    const disposition = headers.get("content-disposition") ?? "";
    expect(disposition.startsWith(`${file.shown.how}; `)).toBe(true);
    expect(nameIn(disposition)).toBe(file.shown.name);
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(file.bytes);
  });

  it.for(["", "x".repeat(1_000)])("is refused under the name %j", async (name, { expect }) => {
    const response = await owner.upload(name, "text/plain", text("x"));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: "http/bad_request" });
  });
});

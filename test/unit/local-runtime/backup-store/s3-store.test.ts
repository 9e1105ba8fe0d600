/** The S3 store against a server that checks every signature, and one that fails in the usual ways. */
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AwsV4Signer } from "aws4fetch";
import fc from "fast-check";
import { afterEach, beforeEach, describe, it } from "vitest";
import { openStore } from "../../../../local-runtime/backup-store/open-store.ts";
import { restoreSnapshot } from "../../../../local-runtime/backup-store/restore-snapshot.ts";
import { parseListing } from "../../../../local-runtime/backup-store/s3-listing.ts";
import { openS3Store } from "../../../../local-runtime/backup-store/s3-store.ts";
import { parsePlace } from "../../../../src/config/backup-place.ts";
import { createTestStore, VERSION } from "../../../support/backup-store.ts";
import { createDataFolder } from "../../../support/data-folder.ts";
import {
  ACCESS_KEY,
  computeSignature,
  type FakeS3,
  SECRET_KEY,
  startFakeS3,
} from "../../../support/fake-s3.ts";

const QUICK = { callMs: 1_000, tries: 3, firstWaitMs: 1 };

let s3: FakeS3;
beforeEach(async () => {
  s3 = await startFakeS3();
});
afterEach(() => s3.close());

function open(secretAccessKey = SECRET_KEY, limits = QUICK) {
  const place = parsePlace(s3.place);
  if (place.kind !== "s3") throw new Error("an S3 place is expected");
  return openS3Store(place, { accessKeyId: ACCESS_KEY, secretAccessKey }, limits);
}

describe("the signature that the fake server computes", () => {
  // From the S3 API reference, "Signature Calculations for the Authorization Header": GET Object, and List Objects.
  const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
  const authorization = (headers: string, signature: string) =>
    `AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=${headers},Signature=${signature}`;
  const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  const common = {
    host: "examplebucket.s3.amazonaws.com",
    "x-amz-content-sha256": empty,
    "x-amz-date": "20130524T000000Z",
  };

  it("is that of the published examples", ({ expect }) => {
    const get = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41";
    const signed = "host;range;x-amz-content-sha256;x-amz-date";
    const headers = { ...common, range: "bytes=0-9", authorization: authorization(signed, get) };
    expect(computeSignature({ method: "GET", path: "/test.txt", query: "", headers }, secret)).toBe(
      get,
    );
    const list = "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7";
    const listed = authorization("host;x-amz-content-sha256;x-amz-date", list);
    const request = { method: "GET", path: "/", query: "max-keys=2&prefix=J" };
    expect(
      computeSignature({ ...request, headers: { ...common, authorization: listed } }, secret),
    ).toBe(list);
  });

  it("is that of the library, for the first of them", async ({ expect }) => {
    const signer = new AwsV4Signer({
      url: "https://examplebucket.s3.amazonaws.com/test.txt",
      headers: { range: "bytes=0-9", "x-amz-content-sha256": empty },
      accessKeyId: "AKIAIOSFODNN7EXAMPLE",
      secretAccessKey: secret,
      service: "s3",
      region: "us-east-1",
      datetime: "20130524T000000Z",
      allHeaders: true,
    });
    const { headers } = await signer.sign();
    expect(headers.get("authorization")).toContain(
      "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    );
  });
});

describe("an S3 store", () => {
  it("keeps, lists over several pages, reads and removes objects", async ({ expect }) => {
    const store = open();
    for (let number = 0; number < 8; number += 1)
      await store.write(`packs/p${number}`, Buffer.from(`content ${number}`));
    await store.write("keys/other", Buffer.from("x"));
    const names = (await store.list("packs")).map(({ name }) => name);
    expect(names).toEqual(Array.from({ length: 8 }, (_, number) => `packs/p${number}`));
    expect((await store.read("packs/p3", 100)).toString()).toBe("content 3");
    await store.remove("packs/p3");
    await store.remove("packs/p3");
    await expect(store.read("packs/p3", 100)).rejects.toMatchObject({
      code: "store/missing",
      message: `The backup store s3+${s3.origin}/backups/box has no packs/p3.`,
    });
    expect([...s3.objects.keys()]).toContain("box/packs/p0");
  });

  it("is refused with a wrong secret, and says so without it", async ({ expect }) => {
    const store = open("not-the-secret");
    await expect(store.write("packs/p", Buffer.from("x"))).rejects.toMatchObject({
      code: "store/refused",
      message: `The backup store s3+${s3.origin}/backups/box refuses (403 SignatureDoesNotMatch).`,
      fix: expect.not.stringContaining("not-the-secret"),
    });
    expect(s3.objects.size).toBe(0);
    expect(s3.requests).toHaveLength(1);
  });

  it("tries again through faults that pass", async ({ expect }) => {
    const store = open();
    s3.fail(/^PUT/, "500", "reset");
    await store.write("packs/p", Buffer.from("content"));
    s3.fail(/^GET/, "cut", "503");
    expect((await store.read("packs/p", 200_000)).toString()).toBe("content");
    s3.fail(/^GET/, "slow");
    expect(await store.list("packs")).toHaveLength(1);
  });

  it("gives up after its number of tries, with the reason", async ({ expect }) => {
    const store = open();
    s3.fail(/^PUT/, "500", "500", "500");
    await expect(store.write("packs/p", Buffer.from("x"))).rejects.toMatchObject({
      code: "store/unavailable",
      message: `The backup store s3+${s3.origin}/backups/box cannot be used: it answers 500.`,
    });
    expect(s3.requests).toHaveLength(QUICK.tries);
    s3.fail(/^GET/, "slow", "slow", "slow");
    await expect(
      open(SECRET_KEY, { ...QUICK, callMs: 50 }).read("packs/p", 100),
    ).rejects.toMatchObject({
      code: "store/unavailable",
      message: expect.stringContaining("it does not answer in time"),
    });
    await s3.close();
    await expect(store.list("packs")).rejects.toMatchObject({ code: "store/unavailable" });
  });

  it("reads no more than it is told to", async ({ expect }) => {
    const store = open();
    await store.write("packs/p", Buffer.alloc(1_001));
    expect(await store.read("packs/p", 1_001)).toHaveLength(1_001);
    await expect(store.read("packs/p", 1_000)).rejects.toMatchObject({
      code: "store/damaged",
      message: expect.stringContaining("it is too large"),
    });
  });

  it("carries a backup to an empty machine, faults and all", async ({ expect }) => {
    using data = createDataFolder();
    using other = createDataFolder();
    data.write("one", "hello");
    data.write("two", "你好");
    const made = await createTestStore(data, open());
    s3.fail(/PUT .*packs/, "500");
    s3.fail(/PUT .*snapshots/, "reset");
    await made.backup();
    data.write("one", "later");
    await made.backup();
    rmSync(other.folder.root, { recursive: true });
    mkdirSync(join(other.folder.root, "run"), { recursive: true });
    s3.fail(/GET .*packs/, "cut", "slow");
    const { folder } = other;
    const restore = { folder, store: open(), key: made.key, force: false, version: VERSION };
    await restoreSnapshot({ ...restore, progress: () => {} });
    expect(other.read()).toEqual(data.read());
    // A tampered object is no fault that passes.
    const [name = "", bytes = Buffer.alloc(0)] =
      [...s3.objects].find(([key]) => key.includes("/packs/")) ?? [];
    s3.objects.set(name, Buffer.concat([bytes.subarray(1), Buffer.alloc(1)]));
    await expect(
      restoreSnapshot({ ...restore, force: true, progress: () => {} }),
    ).rejects.toMatchObject({ code: "store/damaged" });
    expect(other.read()).toEqual(data.read());
  });
});

describe("the credentials of an S3 store", () => {
  function openWith(content: string | undefined, mode = 0o600) {
    using data = createDataFolder();
    const path = join(data.outside, "s3.key");
    if (content !== undefined) writeFileSync(path, content);
    if (content !== undefined) chmodSync(path, mode);
    return openStore({ place: s3.place, workingDir: "/", credentialsFile: path });
  }

  it("come from a private file of two lines", async ({ expect }) => {
    expect(await openWith(`${ACCESS_KEY}\n${SECRET_KEY}\n`).list("packs")).toEqual([]);
  });

  it.for([
    [undefined, 0o600, "store/no_credentials"],
    [`${ACCESS_KEY}\n${SECRET_KEY}\n`, 0o640, "store/credentials_exposed"],
    ["hunter2", 0o600, "store/credentials_malformed"],
    ["one two hunter2", 0o600, "store/credentials_malformed"],
  ] as const)("are refused, and never shown: %s %s", ([content, mode, code], { expect }) => {
    const failure = expect.objectContaining({
      code,
      message: expect.not.stringContaining("hunter2"),
    });
    expect(() => openWith(content, mode)).toThrow(failure);
  });
});

describe("the list that a server answers", () => {
  it("is read, or refused, whatever it is", ({ expect }) => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (inner) => {
        for (const text of [inner, `<ListBucketResult>${inner}</ListBucketResult>`]) {
          const page = parseListing(text);
          for (const { key, sizeBytes, modifiedAtMs } of page?.objects ?? []) {
            expect(typeof key).toBe("string");
            expect(Number.isSafeInteger(sizeBytes)).toBe(true);
            expect(Number.isNaN(modifiedAtMs)).toBe(false);
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it("leaves out what is incomplete, and knows when it goes on", ({ expect }) => {
    const whole =
      "<Contents><Key>a&amp;b</Key><LastModified>2026-01-01T00:00:00Z</LastModified><Size>3</Size></Contents>";
    const list = (text: string) => parseListing(`<ListBucketResult>${text}</ListBucketResult>`);
    expect(list(whole)).toEqual({
      objects: [{ key: "a&b", sizeBytes: 3, modifiedAtMs: Date.UTC(2026, 0, 1) }],
      next: undefined,
    });
    for (const broken of [
      whole.replace("3", "-3"),
      whole.replace("3", "x"),
      whole.replace("2026", "x"),
      whole.replace("<Key>", "<Ke>"),
    ])
      expect(list(broken)?.objects).toEqual([]);
    expect(list("<IsTruncated>true</IsTruncated>")).toBeUndefined();
    expect(
      list("<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>")?.next,
    ).toBe("t");
  });
});

describe("the place of a store", () => {
  it.for([
    ["/mnt/backup", { kind: "folder", path: "/mnt/backup" }],
    ["backups", { kind: "folder", path: "backups" }],
    [
      "s3+https://s3.example.com/bucket",
      {
        kind: "s3",
        origin: "https://s3.example.com",
        bucket: "bucket",
        prefix: "",
        region: "us-east-1",
      },
    ],
    [
      "s3+https://s3.example.com/bucket/a/b/?region=eu-1",
      {
        kind: "s3",
        origin: "https://s3.example.com",
        bucket: "bucket",
        prefix: "a/b",
        region: "eu-1",
      },
    ],
  ] as const)("is understood: %s", ([text, place], { expect }) => {
    expect(parsePlace(text)).toEqual(place);
  });

  it.for([
    "https://s3.example.com/bucket",
    "s3+https://s3.example.com",
    "s3+https://key:secret@s3.example.com/bucket",
    "s3+https://s3.example.com/bucket/../x?region=a&x=y",
    "s3+http://s3.example.com/bucket",
    "s3+https://s3.example.com/Bucket",
    " ",
  ])("is refused: %s", (text, { expect }) => {
    expect(() => parsePlace(text)).toThrow(/is expected/);
  });
});

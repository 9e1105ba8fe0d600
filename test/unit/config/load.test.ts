import fc from "fast-check";
import { describe, it } from "vitest";
import { loadOptions } from "../../../src/config/load.ts";
import { OPTIONS, type OptionName } from "../../../src/config/options.ts";

const NAMES = Object.keys(OPTIONS) as OptionName[];

/** A value that every option refuses, or undefined for those that take any text. */
const BAD: Record<OptionName, string> = {
  HOST: "two words",
  PORT: "65536",
  ROCKPOOL_DATA: " ",
  ROCKPOOL_MASTER_KEY: "abc",
  ROCKPOOL_PASSPHRASE_FD: "stdin",
  ROCKPOOL_MODEL_URL: "ftp://model",
  ROCKPOOL_MODEL: "",
  ROCKPOOL_MODEL_SERVERS: "lan=ftp+http://a",
  ROCKPOOL_MODEL_FALLBACK: "two words",
  ROCKPOOL_MODEL_FAST: "two words",
  ROCKPOOL_MODEL_SMART: "two words",
  ROCKPOOL_MODEL_VISION: "a,b",
  ROCKPOOL_MODEL_SMALL: "two words",
  ROCKPOOL_MODEL_WARM: "sometimes",
  ROCKPOOL_FIRST_TOKEN_SECONDS: "0",
  ROCKPOOL_NEXT_TOKEN_SECONDS: "301",
  ROCKPOOL_TRANSCRIBE_URL: "http://ada:hunter2@ears",
  ROCKPOOL_TRANSCRIBE_MODEL: " ",
  ROCKPOOL_TRANSCRIBE_SLOTS: "257",
  ROCKPOOL_CONTEXT_TOKENS: "1023",
  ROCKPOOL_MODEL_SLOTS: "0",
  ROCKPOOL_WEB_FETCH: "yes",
  ROCKPOOL_REDACT_REMOTE: "cards",
  ROCKPOOL_REDACT_STORED: "some",
  ROCKPOOL_TIME_ZONE: "Middle/Earth",
  ROCKPOOL_QUOTAS: "guest.messages=1",
  ROCKPOOL_PUBLIC_URL: "https://user:hunter2@example.com",
  ROCKPOOL_TLS_CERT: " ",
  ROCKPOOL_TLS_KEY: " ",
  ROCKPOOL_METRICS_LISTEN: "here",
  ROCKPOOL_ADMIN_LISTEN: "here",
  ROCKPOOL_ADMIN_CLIENT_CA: " ",
  ROCKPOOL_API_LISTEN: "127.0.0.1:65536",
  ROCKPOOL_API_CLIENT_CA: " ",
  ROCKPOOL_OIDC_ISSUER: "http://login.example",
  ROCKPOOL_OIDC_CLIENT_ID: "two words",
  ROCKPOOL_EGRESS: "none",
  ROCKPOOL_TRUSTED_PROXIES: "10.0.0.1/8",
  ROCKPOOL_BACKUP_TO: "ftp://backups",
  ROCKPOOL_BACKUP_S3_KEY: "a\0b",
  ROCKPOOL_BACKUP_AT: "24:00",
  ROCKPOOL_BACKUP_KEEP: "0d,0w,0m",
  ROCKPOOL_KEEP_DAYS: "-1",
  ROCKPOOL_AUDIT_CHECKPOINTS: "hourly",
  ROCKPOOL_LOG: "constructor",
};

function problemOf(name: OptionName, text: string): string | undefined {
  const loaded = loadOptions({ [name]: text });
  return loaded.ok ? undefined : loaded.problems[0]?.message;
}

function readValue(name: OptionName, text: string): unknown {
  const loaded = loadOptions({ [name]: text });
  return loaded.ok ? loaded.options[name] : undefined;
}

describe("loadOptions", () => {
  it("has a default for everything", ({ expect }) => {
    const loaded = loadOptions({});
    expect(loaded.ok).toBe(true);
    for (const name of NAMES)
      expect(loaded.ok && loaded.options[name], name).toBe(OPTIONS[name].default);
  });

  it("reads its defaults as it writes them", ({ expect }) => {
    for (const name of NAMES) {
      const { parse, default: value } = OPTIONS[name];
      expect(parse(String(value)), name).toStrictEqual(value);
    }
  });

  it("states all problems at once, by name, and never the value", ({ expect }) => {
    const loaded = loadOptions(BAD);
    expect(loaded.ok).toBe(false);
    const problems = loaded.ok ? [] : loaded.problems;
    expect(problems.map((problem) => problem.name)).toEqual(NAMES);
    expect(problems).toContainEqual({
      name: "ROCKPOOL_PUBLIC_URL",
      message: "an http or https address without credentials is expected",
    });
    expect(JSON.stringify(problems)).not.toContain("hunter2");
  });

  it("never repeats the value of any option, whatever it is", ({ expect }) => {
    const secret = fc.stringMatching(/^[ -~]{0,40}$/).map((text) => `Xq9!${text}\u0000`);
    fc.assert(
      fc.property(fc.constantFrom(...NAMES), secret, (name, text) => {
        expect(problemOf(name, text) ?? "").not.toContain("Xq9!");
      }),
    );
  });

  it("takes numbers at their limits and nothing beyond or beside", ({ expect }) => {
    expect(readValue("PORT", "0")).toBe(0);
    expect(readValue("PORT", "65535")).toBe(65_535);
    for (const text of ["65536", "-1", "8787.5", "1e3", "0x10", " 1", "", "９"])
      expect(problemOf("PORT", text), text).toBe("a whole number from 0 to 65535 is expected");
    expect(readValue("ROCKPOOL_CONTEXT_TOKENS", "1024")).toBe(1024);
    expect(readValue("ROCKPOOL_CONTEXT_TOKENS", "1048576")).toBe(1_048_576);
    expect(problemOf("ROCKPOOL_CONTEXT_TOKENS", "1048577")).toBe(
      "a whole number from 1024 to 1048576 is expected",
    );
  });

  it("takes an address with its trailing slashes off, and an empty public one as none", ({
    expect,
  }) => {
    expect(readValue("ROCKPOOL_MODEL_URL", "HTTP://Model:11434///")).toBe("http://model:11434");
    expect(readValue("ROCKPOOL_PUBLIC_URL", "https://a.example/box/")).toBe(
      "https://a.example/box",
    );
    expect(readValue("ROCKPOOL_PUBLIC_URL", "")).toBe("");
    expect(problemOf("ROCKPOOL_MODEL_URL", "")).toBe(
      "an http or https address without credentials is expected",
    );
  });

  it("looks at its own names only", ({ expect }) => {
    expect(loadOptions({ HOME: "/root", ROCKPOOL_NONSENSE: "x" }).ok).toBe(true);
  });
});

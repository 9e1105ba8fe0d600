import fc from "fast-check";
import { describe, it } from "vitest";
import { isLoopback, listListeners } from "../../../../local-runtime/listen/listeners.ts";
import { parseListenAddress } from "../../../../src/config/listen-address.ts";
import { loadOptions } from "../../../../src/config/load.ts";

function list(env: Record<string, string>) {
  const loaded = loadOptions(env);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return listListeners(loaded.options);
}

const TLS = { ROCKPOOL_TLS_CERT: "c.pem", ROCKPOOL_TLS_KEY: "k.pem" };

describe("an address to listen on", () => {
  it.for([
    ["9443", "127.0.0.1", 9443],
    ["0.0.0.0:80", "0.0.0.0", 80],
    ["[::1]:0", "::1", 0],
    ["box.local:443", "box.local", 443],
  ] as const)("%s", ([text, host, port], { expect }) => {
    expect(parseListenAddress(text)).toEqual({ host, port });
  });

  it.for([
    "",
    ":",
    "here",
    "1.2.3.4",
    "1.2.3.4:",
    ":80",
    "::1:80",
    "[::1]",
    "1.2.3.4:65536",
    "a b:1",
    "a:1:2",
  ])("is not seen in %j", (text, { expect }) => {
    expect(() => parseListenAddress(text)).toThrow("a port or an address with a port is expected");
  });

  it("of any text is one or an error that says what is expected", ({ expect }) => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9a-z.:[\] ]{0,30}$/), (text) => {
        try {
          const { host, port } = parseListenAddress(text);
          expect(host).not.toBe("");
          expect(port).toBeLessThanOrEqual(65_535);
        } catch (error) {
          expect(String(error)).toContain("is expected");
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("the listeners of a box", () => {
  it("are the main one, on this machine as localhost, where nothing is stated", ({ expect }) => {
    expect(list({})).toMatchObject([
      { name: "http", host: "127.0.0.1", port: 8787, clientCa: "" },
      { name: "localhost", host: "::1", port: 8787, clientCa: "", isTwin: true },
    ]);
  });

  it.for([{ HOST: "0.0.0.0" }, { HOST: "::1" }, { HOST: "127.0.0.2" }, TLS] as const)(
    "are the main one alone where that is stated to be elsewhere: %j",
    (env, { expect }) => {
      expect(list(env)).toMatchObject([{ name: "http" }]);
    },
  );

  it("are those that options name, on this machine where only a port is", ({ expect }) => {
    const listeners = list({
      ...TLS,
      ROCKPOOL_METRICS_LISTEN: "9100",
      ROCKPOOL_API_LISTEN: "0.0.0.0:9443",
      ROCKPOOL_API_CLIENT_CA: "ca.pem",
    });
    expect(listeners.slice(1)).toMatchObject([
      {
        name: "metrics",
        host: "127.0.0.1",
        port: 9100,
        entrypoint: "MetricsListener",
        clientCa: "",
      },
      { name: "api", host: "0.0.0.0", port: 9443, entrypoint: "ApiListener", clientCa: "ca.pem" },
    ]);
  });

  it.for([
    [{ ROCKPOOL_TLS_CERT: "c.pem" }, "one of them is missing"],
    [{ ROCKPOOL_TLS_KEY: "k.pem" }, "one of them is missing"],
    [{ ROCKPOOL_ADMIN_LISTEN: "0.0.0.0:9444" }, "ROCKPOOL_ADMIN_LISTEN is beyond this machine"],
    [{ ...TLS, ROCKPOOL_API_CLIENT_CA: "ca.pem" }, "ROCKPOOL_API_LISTEN is not"],
    [
      { ROCKPOOL_API_LISTEN: "9443", ROCKPOOL_API_CLIENT_CA: "ca.pem" },
      "the server does not speak TLS",
    ],
    [
      { ROCKPOOL_METRICS_LISTEN: "9443", ROCKPOOL_API_LISTEN: "127.0.0.1:9443" },
      "ROCKPOOL_METRICS_LISTEN and ROCKPOOL_API_LISTEN are one address",
    ],
    [{ ROCKPOOL_METRICS_LISTEN: "8787" }, "PORT and ROCKPOOL_METRICS_LISTEN are one address"],
  ] as const)("are none where options contradict each other: %j", ([env, message], { expect }) => {
    expect(() => list(env)).toThrow(message);
    expect(() => list(env)).toThrow(
      expect.objectContaining({ code: "config/invalid", exitStatus: 78 }),
    );
  });
});

describe("this machine only", () => {
  it.for([
    ["127.0.0.1", true],
    ["127.8.9.1", true],
    ["::1", true],
    ["::ffff:127.0.0.1", true],
    ["localhost", true],
    ["0.0.0.0", false],
    ["::", false],
    ["192.168.1.5", false],
    ["box.local", false],
  ] as const)("%s: %s", ([host, expected], { expect }) => {
    expect(isLoopback(host)).toBe(expected);
  });
});

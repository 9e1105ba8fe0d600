import fc from "fast-check";
import { describe, it } from "vitest";
import { clientAddress, MAX_PEERS } from "../../../src/security/client-address.ts";

function from(clientIp: unknown, forwardedFor?: string) {
  const headers = new Headers(
    forwardedFor === undefined ? {} : { "x-forwarded-for": forwardedFor },
  );
  return { headers, cf: clientIp === undefined ? undefined : { clientIp } };
}

const PROXIES = "127.0.0.1,10.0.0.0/8";

describe("the address of a caller", () => {
  it("is the connection's, in one text for one address", ({ expect }) => {
    expect(clientAddress(from("192.0.2.7:41000"), "")).toBe("192.0.2.7");
    expect(clientAddress(from("[2001:DB8::7]:41000"), "")).toBe("2001:db8::7");
    expect(clientAddress(from("[::ffff:192.0.2.7]:41000"), "")).toBe("192.0.2.7");
    expect(clientAddress(from("[fe80::1%eth0]:41000"), undefined)).toBe("fe80::1");
  });

  it("is not known of a call over a Unix socket, or where the runtime does not say", ({
    expect,
  }) => {
    expect(
      clientAddress({ headers: new Headers(), cf: { clientPid: 1, clientUid: 0 } }, PROXIES),
    ).toBeUndefined();
    for (const cf of [undefined, null, "127.0.0.1:1"])
      expect(clientAddress({ headers: new Headers(), cf }, PROXIES)).toBeUndefined();
    for (const clientIp of [7, "", "nonsense", "127.0.0.1"])
      expect(clientAddress(from(clientIp), PROXIES)).toBeUndefined();
  });

  it("is the right one of any number of callers, also where they come again", ({ expect }) => {
    const hosts = Array.from(
      { length: 3 * MAX_PEERS },
      (_, index) => `10.1.${index >> 8}.${index & 255}`,
    );
    for (const host of [...hosts, ...hosts.toReversed()])
      expect(clientAddress(from(`${host}:41000`), "")).toBe(host);
  });

  it("is never what a caller writes into a header, where no proxy was named", ({ expect }) => {
    expect(clientAddress(from("192.0.2.7:1", "203.0.113.9"), "")).toBe("192.0.2.7");
    expect(clientAddress(from("127.0.0.1:1", "203.0.113.9"), undefined)).toBe("127.0.0.1");
    expect(clientAddress(from("192.0.2.7:1", "203.0.113.9"), PROXIES)).toBe("192.0.2.7");
  });

  it("behind named proxies is the nearest that is none of them", ({ expect }) => {
    expect(clientAddress(from("127.0.0.1:1", "203.0.113.9"), PROXIES)).toBe("203.0.113.9");
    expect(clientAddress(from("127.0.0.1:1", "6.6.6.6, 203.0.113.9, 10.1.2.3"), PROXIES)).toBe(
      "203.0.113.9",
    );
    expect(clientAddress(from("127.0.0.1:1", "10.0.0.1, 10.0.0.2"), PROXIES)).toBe("10.0.0.1");
    expect(clientAddress(from("127.0.0.1:1"), PROXIES)).toBe("127.0.0.1");
  });

  it("stays the last that is known where the header breaks off", ({ expect }) => {
    expect(clientAddress(from("127.0.0.1:1", "203.0.113.9, unknown, 10.1.2.3"), PROXIES)).toBe(
      "10.1.2.3",
    );
    expect(clientAddress(from("127.0.0.1:1", "unknown"), PROXIES)).toBe("127.0.0.1");
    const long = Array(33).fill("203.0.113.9").join(",");
    expect(clientAddress(from("127.0.0.1:1", long), PROXIES)).toBe("127.0.0.1");
    expect(
      clientAddress(from("127.0.0.1:1", `${" ".repeat(2_000)}1.1.1.1`), PROXIES),
    ).toBeDefined();
  });

  it("cannot be chosen by what a caller puts in front of what the proxy adds", ({ expect }) => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9a-f.:, ]{0,200}$/), (forged) => {
        const request = from("127.0.0.1:1", `${forged},203.0.113.9`);
        const seen = clientAddress(request, PROXIES);
        expect(["203.0.113.9", "127.0.0.1"]).toContain(seen);
      }),
      { numRuns: 3_000 },
    );
  });
});

import fc from "fast-check";
import { describe, it } from "vitest";
import {
  isInBlock,
  MAX_BLOCKS,
  parseIpAddress,
  parseIpBlock,
  parseIpBlocks,
  renderIpAddress,
} from "../../../src/core/ip-address.ts";

function normal(text: string): string | undefined {
  const address = parseIpAddress(text);
  return address === undefined ? undefined : renderIpAddress(address);
}

describe("an IP address", () => {
  it.for([
    ["127.0.0.1", "127.0.0.1"],
    ["::1", "::1"],
    ["::", "::"],
    ["::ffff:127.0.0.1", "127.0.0.1"],
    ["::FFFF:7f00:1", "127.0.0.1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:0DB8::0001", "2001:db8::1"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    ["fe80::1", "fe80::1"],
  ])("is written in one way: %s as %s", ([text, expected], { expect }) => {
    expect(normal(text ?? "")).toBe(expected);
  });

  it.for([
    "",
    "localhost",
    "127.1",
    "127.0.0.01",
    "0x7f.0.0.1",
    "2130706433",
    "256.0.0.1",
    "1.2.3.4.5",
    "[::1]",
    "::1%eth0",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "12345::",
    "g::",
    "::1.2.3.4:5",
    "1.2.3.4:80",
    " 1.2.3.4",
  ])("is not seen in %j", (text, { expect }) => {
    expect(parseIpAddress(text)).toBeUndefined();
  });

  it("comes back from its own text, whichever it is", ({ expect }) => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const address = parseIpAddress(text);
        expect(address).toBeDefined();
        expect(parseIpAddress(renderIpAddress(address ?? 0n))).toBe(address);
      }),
      { numRuns: 2_000 },
    );
  });

  it("of any text is an address or none, and never a failure", ({ expect }) => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9a-fx:.%[\]/ ]{0,50}$/), (text) => {
        const address = parseIpAddress(text);
        if (address !== undefined) expect(address >> 128n).toBe(0n);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe("a block of addresses", () => {
  it.for([
    ["10.0.0.0/8", "10.255.0.1", true],
    ["10.0.0.0/8", "11.0.0.1", false],
    ["10.0.0.0/8", "::ffff:10.1.2.3", true],
    ["fd00::/8", "fd12::1", true],
    ["fd00::/8", "fe80::1", false],
    ["192.0.2.7", "192.0.2.7", true],
    ["192.0.2.7", "192.0.2.8", false],
    ["0.0.0.0/0", "8.8.8.8", true],
    ["0.0.0.0/0", "2001:db8::1", false],
    ["::/0", "8.8.8.8", true],
  ] as const)("%s and %s: %s", ([block, address, expected], { expect }) => {
    const parsed = parseIpBlock(block);
    const number = parseIpAddress(address);
    expect(parsed && number !== undefined && isInBlock(number, parsed)).toBe(expected);
  });

  it.for([
    "",
    "10.0.0.0/33",
    "10.0.0.1/8",
    "::/129",
    "10.0.0.0/08",
    "10.0.0.0/8/8",
    "host/8",
    "10.0.0.0/",
  ])("is not seen in %j", (text, { expect }) => {
    expect(parseIpBlock(text)).toBeUndefined();
  });

  it("stands in lists of a bounded length", ({ expect }) => {
    expect(parseIpBlocks(" ")).toEqual([]);
    expect(parseIpBlocks("127.0.0.1, ::1")).toHaveLength(2);
    expect(parseIpBlocks("127.0.0.1,")).toBeUndefined();
    expect(parseIpBlocks(Array(MAX_BLOCKS).fill("::1").join(","))).toHaveLength(MAX_BLOCKS);
    expect(
      parseIpBlocks(
        Array(MAX_BLOCKS + 1)
          .fill("::1")
          .join(","),
      ),
    ).toBeUndefined();
  });
});

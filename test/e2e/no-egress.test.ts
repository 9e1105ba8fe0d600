/** What leaves the box, seen by its packets: the product in a network of its own, with everybody who tries to get out. */
import { join } from "node:path";
import { describe, it } from "vitest";
import type { BoxArgument, BoxResult } from "../support/isolated/box-program.ts";
import { runIsolated, whyNotIsolated } from "../support/isolated/run-isolated.ts";
import type { SsrfArgument, SsrfResult } from "../support/isolated/ssrf-program.ts";

const FOLDER = join(import.meta.dirname, "..", "support", "isolated");
const PATIENCE_MS = 100_000;
/** Of the one server that may be reached. */
const REACHED = "reached ::ffff:11.0.0.10";

const obstacle = whyNotIsolated();
if (obstacle !== undefined)
  process.stderr.write(`no-egress: skipped, nothing is proved: ${obstacle}\n`);
const isolated = describe.skipIf(obstacle !== undefined);

async function runBox(egress: BoxArgument["egress"]): Promise<BoxResult> {
  return await runIsolated(join(FOLDER, "box-program.ts"), { egress } satisfies BoxArgument);
}

/** What the box calls when nobody tries to get out. */
function usualCalls({ ports }: BoxResult): string[] {
  const here = Object.values(ports).map((port) => `tcp 127.0.0.1:${port}`);
  return [...here, "udp 11.0.0.53:53", "tcp 11.0.0.10:8081"].sort();
}

isolated("the packets of a box", () => {
  it(
    "go to listed hosts only where only these may be reached, look-ups of names included",
    async ({ expect }) => {
      const result = await runBox("listed");
      expect(result.answered).toContain("echo: hello");
      expect(result).toMatchObject({ page: 200, script: 200 });
      expect(new Set(Object.values(result.callbacks))).toEqual(new Set(["egress/not_allowed"]));
      for (const said of Object.values(result.pages)) expect(said).toContain("not fetch web pages");
      expect(result.calls.toSorted()).toEqual(usualCalls(result));
      expect(result.names).toEqual(["telegram.example"]);
      expect(result.egress.waysOut.map(({ to }) => to)).toEqual([
        `127.0.0.1:${result.ports.model}`,
        expect.stringMatching(/^unix:.*\/run\/files\.sock$/),
        "telegram.example:8081",
      ]);
    },
    PATIENCE_MS,
  );

  it(
    "go to public addresses too where these may be reached, and to private ones by no name",
    async ({ expect }) => {
      const result = await runBox("public");
      expect(result.answered).toContain("echo: hello");
      expect(result.names).toEqual(
        expect.arrayContaining(["public.example", "private.example", "rebind.example"]),
      );
      expect(result.calls.toSorted()).toEqual([...usualCalls(result), "tcp 11.0.0.66:443"].sort());
    },
    PATIENCE_MS,
  );
});

const NAMES: SsrfArgument["names"] = {
  "open.example": [["11.0.0.10"]],
  "private.example": [["10.0.0.5"]],
  "local.example": [["127.0.0.1"]],
  "local6.example": [["::1"]],
  "mapped.example": [["::ffff:127.0.0.1"]],
  "nat64.example": [["64:ff9b::7f00:1"]],
  "mixed.example": [["127.0.0.1", "10.0.0.5"]],
  "rebind.example": [["11.0.0.10"], ["127.0.0.1"]],
};

const FORBIDDEN = [
  ...["127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "0", "localhost", "localhost."],
  ...["[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]"],
  ...["[64:ff9b::7f00:1]", "[64:ff9b::a00:5]", "[64:ff9b::c0a8:1]", "[64:ff9b:1::7f00:1]"],
  ...["[2002:7f00:1::]", "[2001::1]", "[fe80::1]", "[fc00::1]", "[fd12::1]", "[ff02::1]"],
  ...["10.0.0.5", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "192.0.0.1"],
  ...["198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"],
  ...["private.example", "local.example", "local6.example", "mapped.example", "nat64.example"],
  ...["mixed.example", "private.example.", "l\u00f6cal.example"],
];

isolated("the network of public addresses", () => {
  it(
    "reaches no private one, in whichever form, by name, by a name that changes, or by a redirect",
    async ({ expect }) => {
      const open = ["11.0.0.10", "open.example"];
      const argument = { hosts: [...open, "rebind.example", ...FORBIDDEN], names: NAMES };
      const { straight, redirected, calls } = await runIsolated<SsrfResult>(
        join(FOLDER, "ssrf-program.ts"),
        argument satisfies SsrfArgument,
      );
      for (const host of open)
        expect([straight[host], redirected[host]], host).toEqual([REACHED, REACHED]);
      expect(straight["rebind.example"]).toBe(REACHED);
      expect([REACHED, "refused"]).toContain(redirected["rebind.example"]);
      for (const host of FORBIDDEN)
        expect([straight[host], redirected[host]], host).toEqual(["refused", "refused"]);
      const elsewhere = calls.filter((call) => !/^(tcp 127\.0\.0\.1|udp 11\.0\.0\.53)/.test(call));
      expect(elsewhere).toEqual(["tcp 11.0.0.10:8088"]);
      // On loopback the test itself calls the Worker, and nobody the server of the test.
      expect(calls).not.toContain("tcp 127.0.0.1:8088");
    },
    PATIENCE_MS,
  );
});

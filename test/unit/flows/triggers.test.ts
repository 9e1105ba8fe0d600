import fc from "fast-check";
import { describe, it } from "vitest";
import { MAX_KEYWORD_MESSAGE_UNITS } from "../../../src/flows/limits.ts";
import { compileTriggers, matchTrigger } from "../../../src/flows/triggers.ts";
import { anyText } from "../../support/any-text.ts";

const flows = compileTriggers([
  { name: "desk", phrases: ["help desk"], keywords: ["vpn", "打印机"] },
  { name: "lunch", phrases: ["vpn", "Order  lunch"], keywords: [] },
]);

describe("a message", () => {
  it.for([
    ["Help desk!", "desk"],
    ["HELP　DESK", "desk"],
    ["I need the help desk", undefined],
    ["my VPN is down", "desk"],
    ["my vpns are down", undefined],
    ["openvpn", undefined],
    ["三楼的打印机坏了", "desk"],
    ["vpn", "lunch"],
    ["order lunch", "lunch"],
    ["", undefined],
  ] as const)("%s begins %s", ([text, name], { expect }) => {
    expect(matchTrigger(flows, text)).toBe(name);
  });

  it("that is long is about more than a keyword", ({ expect }) => {
    const filler = "x ".repeat((MAX_KEYWORD_MESSAGE_UNITS - 3) / 2);
    expect(matchTrigger(flows, `${filler} vpn`.slice(-MAX_KEYWORD_MESSAGE_UNITS))).toBe("desk");
    expect(matchTrigger(flows, `${filler}   vpn`)).toBeUndefined();
  });

  it("of any text begins a flow that exists, or none", ({ expect }) => {
    fc.assert(
      fc.property(anyText(), (text) => {
        expect(["desk", "lunch", undefined]).toContain(matchTrigger(flows, text));
      }),
    );
  });
});

import fc from "fast-check";
import { describe, it } from "vitest";
import { parseCommand } from "../../../src/core/command.ts";
import { cpuMsOf } from "../../support/cpu-time.ts";

describe("parseCommand", () => {
  it.for([
    ["/help", { name: "help", args: "" }],
    ["  /HELP \n", { name: "help", args: "" }],
    ["/model qwen3:4b", { name: "model", args: "qwen3:4b" }],
    ["/model\n  qwen3:4b  ", { name: "model", args: "qwen3:4b" }],
    ["/forget yes please", { name: "forget", args: "yes please" }],
  ] as const)("reads %j", ([text, command], { expect }) => {
    expect(parseCommand(text)).toEqual(command);
  });

  it.for([
    "",
    "/",
    "/ help",
    "help",
    "say /help",
    "//help",
    "/etc/hosts is a file",
    "/help!",
    "/help2",
    "/帮助",
    `/${"a".repeat(33)}`,
    `/model ${"a".repeat(501)}`,
  ])("takes %j for talk", (text, { expect }) => {
    expect(parseCommand(text)).toBeUndefined();
  });

  it("takes names and arguments up to their limits", ({ expect }) => {
    expect(parseCommand(`/${"a".repeat(32)}`)?.name).toHaveLength(32);
    expect(parseCommand(`/model ${"a".repeat(500)}`)?.args).toHaveLength(500);
  });

  it("takes what is meant for somebody else in any length", ({ expect }) => {
    for (const name of ["reply", "DONE"])
      expect(parseCommand(`/${name} 3 ${"a".repeat(5_000)}`)?.args).toHaveLength(5_002);
  });

  it("gives a lower-case name and trimmed arguments of any text, or nothing", ({ expect }) => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string({ unit: "binary" }).map((rest) => `/model ${rest}`),
    );
    fc.assert(
      fc.property(text, (given) => {
        const command = parseCommand(given);
        if (!command) return;
        expect(command.name).toMatch(/^[a-z]{1,32}$/);
        expect(command.args).toBe(command.args.trim());
      }),
    );
  });

  it("takes time in proportion to a hostile text", ({ expect }) => {
    const space = " ".repeat(1_000_000);
    const tookMs = cpuMsOf(() => {
      for (const text of [
        `/a${space}${"x".repeat(501)}`,
        `/${"a".repeat(1_000_000)}`,
        `/${space}a`,
      ])
        expect(parseCommand(text)).toBeUndefined();
    });
    expect(tookMs).toBeLessThan(1_000);
  });
});

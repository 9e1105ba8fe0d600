import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, it } from "vitest";
import * as flow from "../../../local-runtime/commands/flow.ts";
import { loadFlow, parseYaml, scriptPathOf } from "../../../local-runtime/flow-file.ts";
import { MAX_FILE_BYTES } from "../../../src/flows/limits.ts";
import { anyText } from "../../support/any-text.ts";
import { PROJECT_ROOT } from "../../support/project-files.ts";
import { runCommand } from "../../support/run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "rockpool-flows-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe("a flow's file", () => {
  it.for([
    ["no YAML", "a: [1", "flow/bad_yaml", "no YAML that can be read"],
    ["a key twice", "a: 1\na: 2", "flow/bad_yaml", "Map keys must be unique"],
    ["an anchor", "a: &x [1]\nb: *x", "flow/bad_yaml", "Alias resolution is disabled"],
    ["two documents", "a: 1\n---\nb: 2", "flow/bad_yaml", "multiple documents"],
    ["nothing", "", "flow/bad_definition", "Invalid type: Expected Object but received null"],
    ["brackets without end", "[".repeat(60_000), "flow/bad_yaml", "no YAML that can be read"],
    ["an evil key", "__proto__: {flow: x}", "flow/bad_definition", ""],
  ] as const)("is refused with %s", ([name, text, code, message], { expect }) => {
    const path = write(`${name}.yaml`, text);
    expect(() => loadFlow(path)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });

  it("is refused when it is too large, a folder or not there", ({ expect }) => {
    const path = write("large.yaml", "#".repeat(MAX_FILE_BYTES + 1));
    expect(() => loadFlow(path)).toThrow(
      expect.objectContaining({ code: "file/too_large", message: `${path} is larger than 64 KB.` }),
    );
    for (const [gone, reason] of [
      [join(folder, "none.yaml"), "ENOENT"],
      [folder, "EISDIR"],
    ])
      expect(() => loadFlow(gone ?? "")).toThrow(
        expect.objectContaining({
          code: "file/unreadable",
          message: `${gone} cannot be read (${reason}).`,
        }),
      );
  });

  it("has its script beside it", ({ expect }) => {
    expect(scriptPathOf("a/b.yaml")).toBe("a/b.script.yaml");
    expect(scriptPathOf("a/b.yml")).toBe("a/b.script.yaml");
    expect(scriptPathOf("a/b")).toBe("a/b.script.yaml");
  });

  it("of any text is a value or an Error, and nothing else", ({ expect }) => {
    const yaml = fc
      .array(
        fc.constantFrom(
          "a",
          ":",
          " ",
          "\n",
          "- ",
          "[",
          "]",
          "{",
          "}",
          "&x",
          "*x",
          "!!",
          "|",
          "'",
          '"',
          "<<",
          "? ",
          "#",
          "%",
          "---",
        ),
      )
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(fc.oneof(yaml, anyText()), (text) => {
        try {
          parseYaml(text);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("rockpool flow test", () => {
  it("rehearses a shipped flow", async ({ expect }) => {
    const file = join(PROJECT_ROOT, "local-runtime/flows/contact.yaml");
    const { printed, json } = await runCommand(flow, ["test", file], folder);
    expect(printed).toBe(
      [
        "ok    by e-mail, from the first word to the hand-over",
        "ok    by phone, in Chinese, and then rather not",
        "ok    left alone",
      ].join("\n"),
    );
    expect(json).toMatchObject([
      { flow: "contact", dialogues: [{ ok: true }, { ok: true }, { ok: true }] },
    ]);
    expect(process.exitCode).toBeUndefined();
  });

  it("ends with 1 where a dialogue goes otherwise, and says where", async ({ expect }) => {
    const file = join(PROJECT_ROOT, "local-runtime/flows/contact.yaml");
    const script = write("odd.yaml", "dialogues: [{name: odd, steps: [{say: hello}]}]");
    const { printed } = await runCommand(flow, ["test", file, "--script", script], folder);
    expect(printed).toBe("fail  odd\n      step 1: this does not begin the flow");
    expect(process.exitCode).toBe(1);
    process.exitCode = undefined;
  });

  it("says what is missing where there is no script", async ({ expect }) => {
    const file = write(
      "bare.yaml",
      "flow: bare\ntitle: {en: Bare, zh: 空}\nstart: end\nstates: {end: {end: done}}",
    );
    await expect(runCommand(flow, ["test", file], folder)).rejects.toMatchObject({
      code: "usage/bad_argument",
      message: `The flow is of the right form, but there is no script ${join(folder, "bare.script.yaml")}.`,
    });
  });
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, it } from "vitest";
import * as flow from "../../../local-runtime/commands/flow.ts";
import { loadFlow, parseYaml, scriptPathOf } from "../../../local-runtime/flow-file.ts";
import { MAX_FILE_BYTES } from "../../../src/flows/limits.ts";
import { anyText } from "../../support/any-text.ts";
import { problem, startFakeAdmin } from "../../support/fake-admin.ts";
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

describe("rockpool flow add, list, show and remove", () => {
  const summary = {
    name: "contact",
    version: 2,
    title: { en: "Contact form", zh: "联系表" },
    phrases: ["contact form"],
    keywords: ["reach"],
    states: 8,
    changedAtMs: 1,
  };
  const file = join(PROJECT_ROOT, "local-runtime/flows/contact.yaml");

  it("hands the definition to the server, and says which version it is", async ({ expect }) => {
    await using admin = await startFakeAdmin();
    for (const [change, said] of [
      ["added", "Added the flow contact (version 2). `/flow contact` begins it."],
      ["changed", "Changed the flow contact (version 2). `/flow contact` begins it."],
      ["unchanged", "The flow contact is the same already (version 2)."],
    ] as const) {
      const json = { flow: summary, change };
      admin.handle("POST /flows", () => ({ status: 200, json }));
      const added = await runCommand(flow, ["add", file], admin.dataDir);
      expect(added.printed).toBe(said);
      expect(added.json).toEqual([json]);
    }
    expect(admin.requests[0]?.body).toEqual({ definition: loadFlow(file) });
  });

  it("does not ask the server about a flow that is wrong", async ({ expect }) => {
    await using admin = await startFakeAdmin();
    const bad = write("bad.yaml", "flow: Bad");
    await expect(runCommand(flow, ["add", bad], admin.dataDir)).rejects.toMatchObject({
      code: "flow/bad_definition",
    });
    for (const words of [
      ["show", "../x"],
      ["remove", "A"],
    ])
      await expect(runCommand(flow, words, admin.dataDir)).rejects.toMatchObject({
        code: "usage/bad_argument",
        message: "That is no name of a flow.",
        exitStatus: 64,
      });
    expect(admin.requests).toEqual([]);
  });

  it("lists flows with what begins them", async ({ expect }) => {
    await using admin = await startFakeAdmin();
    admin.handle("GET /flows", () => ({ status: 200, json: [summary] }));
    const list = await runCommand(flow, ["list"], admin.dataDir);
    expect(list.json).toEqual([[summary]]);
    expect(list.printed).toBe(
      [
        "FLOW     VERSION  TITLE         BEGUN BY",
        "contact  2        Contact form  contact form, reach",
      ].join("\n"),
    );
    admin.handle("GET /flows", () => ({ status: 200, json: [] }));
    expect((await runCommand(flow, ["list"], admin.dataDir)).printed).toContain("no flow yet");
  });

  it("shows one so that it can be added again, and removes it", async ({ expect }) => {
    await using admin = await startFakeAdmin();
    const shown = { ...summary, definition: loadFlow(file) };
    admin.handle("GET /flows/contact", () => ({ status: 200, json: shown }));
    const { printed, json } = await runCommand(flow, ["show", "contact"], admin.dataDir);
    expect(json).toEqual([shown]);
    expect(loadFlow(write("again.yaml", printed))).toEqual(loadFlow(file));
    admin.handle("DELETE /flows/contact", () => ({ status: 200, json: { removed: true } }));
    const removed = await runCommand(flow, ["remove", "contact"], admin.dataDir);
    expect(removed.printed).toBe("Removed the flow contact.");
    expect(removed.json).toEqual([{ removed: { name: "contact" } }]);
    admin.handle("DELETE /flows/contact", () => problem("flow/unknown"));
    await expect(runCommand(flow, ["remove", "contact"], admin.dataDir)).rejects.toMatchObject({
      code: "flow/unknown",
      message: "No such flow.",
    });
  });
});

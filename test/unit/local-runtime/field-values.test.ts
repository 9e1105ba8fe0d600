import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, it } from "vitest";
import { MAX_VALUE_BYTES, readFieldValues } from "../../../local-runtime/field-values.ts";
import { createShell } from "../../../local-runtime/shell.ts";
import type { TerminalInput } from "../../../local-runtime/terminal-input.ts";
import type { Field } from "../../../src/adapters/adapter.ts";

const workingDir = mkdtempSync(join(tmpdir(), "rockpool-fields-"));
afterAll(() => rmSync(workingDir, { recursive: true, force: true }));
const shell = createShell({ root: workingDir, json: false, workingDir });

const token: Field = {
  name: "token",
  secret: true,
  required: true,
  doc: "The bot's token.",
  check: (value) => (value.startsWith("T") ? undefined : "A token begins with T."),
};
const secret: Field = {
  name: "secret",
  secret: true,
  required: true,
  doc: "A secret.",
  generate: () => "made",
};
const note: Field = { name: "note", secret: false, required: false, doc: "A note." };
const fields = [token, secret, note];

function input(given: Partial<TerminalInput> = {}): TerminalInput {
  const refuse = () => Promise.reject(new Error("nothing is to be read here"));
  return { isTerminal: false, readAll: refuse, askSecret: refuse, ...given };
}

describe("the values of fields", () => {
  it("come as they are, from a file and from standard input, without the line's end", async ({
    expect,
  }) => {
    writeFileSync(join(workingDir, "token"), "T1\n");
    const given = { token: "@token", secret: "-", note: "hello" };
    const stdin = input({ readAll: () => Promise.resolve("s3cret\r\n") });
    expect(await readFieldValues(fields, given, shell, stdin)).toEqual({
      token: "T1",
      secret: "s3cret",
      note: "hello",
    });
  });

  it("are asked for on a terminal where they are required and cannot be made", async ({
    expect,
  }) => {
    const asked: string[] = [];
    const terminal = input({
      isTerminal: true,
      askSecret: (question) => {
        asked.push(question);
        return Promise.resolve("T2");
      },
    });
    expect(await readFieldValues(fields, {}, shell, terminal)).toEqual({ token: "T2" });
    expect(asked).toEqual(["The bot's token"]);
  });

  it("are refused where one is missing, wrong, empty or cannot be read, and never repeated", async ({
    expect,
  }) => {
    writeFileSync(join(workingDir, "large"), "T".repeat(MAX_VALUE_BYTES + 1));
    writeFileSync(join(workingDir, "largest"), "T".repeat(MAX_VALUE_BYTES));
    const cases: [Record<string, string>, string][] = [
      [{}, "--token is missing."],
      [{ token: "hunter2" }, "--token is wrong. A token begins with T."],
      [{ token: " " }, "--token is wrong. It is empty."],
      [{ token: "@none" }, "The file of --token cannot be read (ENOENT)."],
      [{ token: "@." }, "The file of --token cannot be read (EISDIR)."],
      [{ token: "@large" }, "The file of --token is too large."],
      [{ token: "-", note: "-" }, "Standard input (-) can give one value only."],
    ];
    for (const [given, message] of cases)
      await expect(readFieldValues(fields, given, shell, input())).rejects.toMatchObject({
        code: "usage/bad_argument",
        exitStatus: 64,
        message,
      });
    const largest = await readFieldValues(fields, { token: "@largest" }, shell, input());
    expect(largest.token).toHaveLength(MAX_VALUE_BYTES);
  });
});

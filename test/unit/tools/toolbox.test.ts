/** Calls as a model makes them, answered: by the right tool, in time, with words and never with a stack. */

import * as v from "valibot";
import { describe, it } from "vitest";
import { AppError } from "../../../src/core/errors.ts";
import type { ToolCall } from "../../../src/core/ports.ts";
import { calculator } from "../../../src/tools/calculator.ts";
import { timeAndDate } from "../../../src/tools/time-and-date.ts";
import { defineTool, type Tool, ToolRefusal } from "../../../src/tools/tool.ts";
import { createToolbox } from "../../../src/tools/toolbox.ts";

const NOON = Date.UTC(2026, 10, 21, 12);
const quiet = new AbortController().signal;

/** For tools that use neither. */
const noMemory = {
  memory: {
    remember: () => Promise.reject(new Error("no memory here")),
    facts: () => Promise.reject(new Error("no memory here")),
  },
  reminders: {
    add: () => Promise.reject(new Error("no reminders here")),
    list: () => Promise.reject(new Error("no reminders here")),
  },
};

function toolOf(name: string, run: (text: string) => Promise<string> | string): Tool {
  return defineTool({
    name,
    description: "",
    properties: { text: { type: "string" } },
    required: ["text"],
    schema: v.object({ text: v.pipe(v.string(), v.maxLength(5, "It is too long.")) }),
    hints: /x/,
    permission: "chat:use",
    run: ({ text }) => run(text),
  });
}

function open(tools: readonly Tool[], limit: { timeoutMs?: number } = {}) {
  const failures: string[] = [];
  const toolbox = createToolbox({
    tools,
    ...limit,
    contextOf: (index, signal) => ({
      nowMs: NOON,
      zone: "Asia/Shanghai",
      callKey: `t:${index}`,
      signal,
      ...noMemory,
    }),
    failed: (tool, error) => failures.push(`${tool}: ${error}`),
  });
  const ask = (name: string, args: unknown = { text: "hi" }): Promise<string> => {
    const call: ToolCall =
      typeof args === "string"
        ? { id: "c", name, arguments: {}, written: args }
        : { id: "c", name, arguments: args as ToolCall["arguments"] };
    return toolbox.run(call, 0, quiet);
  };
  return { toolbox, failures, ask };
}

describe("a call", () => {
  it("reaches the tool that it means, with arguments that were repaired", async ({ expect }) => {
    const { ask } = open([toolOf("echo_text", (text) => `said ${text}`)]);
    expect(await ask("echoText", '```json\n{"Text": "hi"}\n```')).toBe("said hi");
  });

  it("of a tool that does not exist is told which ones do", async ({ expect }) => {
    const { ask } = open([calculator, timeAndDate]);
    expect(await ask("delete_files")).toBe(
      "There is no tool of this name. There are: calculator, time_and_date.",
    );
  });

  it("with wrong arguments is told which one is wrong", async ({ expect }) => {
    const { ask, failures } = open([toolOf("echo", (text) => text)]);
    expect(await ask("echo", { text: "much too long" })).toBe(
      'Error: Wrong arguments for echo, at "text": It is too long. Call it again with right ones.',
    );
    expect(failures).toEqual([]);
  });

  it("that takes too long is given up, and its tool told to stop", async ({ expect }) => {
    let isStopped = false;
    const slow: Tool = {
      ...toolOf("slow", () => ""),
      run: (_args, { signal }) => {
        signal.addEventListener("abort", () => {
          isStopped = true;
        });
        return new Promise(() => undefined);
      },
    };
    const { ask } = open([slow], { timeoutMs: 30 });
    expect(await ask("slow")).toBe("Error: It took too long.");
    expect(isStopped).toBe(true);
  });

  it.for([
    [new ToolRefusal("No such thing."), "Error: No such thing.", []],
    [
      new TypeError("secret at /home/x"),
      "Error: echo failed.",
      ["echo: TypeError: secret at /home/x"],
    ],
    [
      new AppError("session/unavailable"),
      "Error: echo could not do it now (session/unavailable).",
      ["echo: AppError: The message could not be stored."],
    ],
  ] as const)("that throws %s answers in words", async ([error, text, logged], { expect }) => {
    const { ask, failures } = open([
      toolOf("echo", () => {
        throw error;
      }),
    ]);
    expect(await ask("echo")).toBe(text);
    expect(failures).toEqual(logged);
  });

  it("ends with the turn's own reason when that is stopped", async ({ expect }) => {
    const { toolbox } = open([toolOf("wait", () => new Promise(() => undefined))]);
    const controller = new AbortController();
    const answer = toolbox.run({ id: "c", name: "wait", arguments: {} }, 0, controller.signal);
    controller.abort(new Error("stopped"));
    await expect(answer).rejects.toThrow("stopped");
    const second = toolbox.run({ id: "c", name: "wait", arguments: {} }, 0, controller.signal);
    await expect(second).rejects.toThrow("stopped");
  });
});

describe("the calculator", () => {
  it("says what it worked out", async ({ expect }) => {
    const { ask } = open([calculator]);
    expect(await ask("calculator", { expression: "2 * 21" })).toBe("2 * 21 = 42");
    expect(await ask("calculator", { expression: "1 / 0" })).toBe("Error: This divides by zero.");
  });
});

describe("time and date", () => {
  it.for([
    [{}, "Saturday, 2026-11-21 20:00 (Asia/Shanghai)"],
    [{ place: "here" }, "Saturday, 2026-11-21 20:00 (Asia/Shanghai)"],
    [{ place: "Tokyo" }, "Saturday, 2026-11-21 21:00 (Asia/Tokyo)"],
    [{ place: "America/New_York" }, "Saturday, 2026-11-21 07:00 (America/New_York)"],
    [{ place: "new york" }, "Saturday, 2026-11-21 07:00 (America/New_York)"],
    [{ place: "Berlin, Germany" }, "Saturday, 2026-11-21 13:00 (Europe/Berlin)"],
    [{ place: "San Francisco" }, "Saturday, 2026-11-21 04:00 (America/Los_Angeles)"],
    [{ place: "东京" }, "Saturday, 2026-11-21 21:00 (Asia/Tokyo)"],
    [{ place: "北京时间" }, "Saturday, 2026-11-21 20:00 (Asia/Shanghai)"],
    [{ place: "UTC" }, "Saturday, 2026-11-21 12:00 (UTC)"],
    [
      { place: "Middle-earth" },
      'Error: No time zone is known for "Middle-earth". Name a large city near it.',
    ],
  ])("of %j is %s", async ([args, text], { expect }) => {
    expect(await open([timeAndDate]).ask("time_and_date", args)).toBe(text);
  });
});

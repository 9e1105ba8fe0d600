import { describe, it } from "vitest";
import { parseCommand } from "../../../src/core/command.ts";
import {
  answerWaiting,
  endWaiting,
  type HandoverPorts,
  showWaiting,
} from "../../../src/turn/handover-commands.ts";

const NOON = Date.UTC(2026, 10, 21, 12);
const COMMANDS = new Map([
  ["waiting", showWaiting],
  ["reply", answerWaiting],
  ["done", endWaiting],
]);

function createDesk(given: Partial<HandoverPorts & { isDirect: boolean }> = {}) {
  const changes: string[] = [];
  return {
    changes,
    say: (name: string, values?: Record<string, string | number>) =>
      values ? `${name} ${JSON.stringify(values)}` : name,
    isDirect: true,
    zone: async () => "Asia/Shanghai",
    escape: (text: string) => `<${text}>`,
    handovers: async () => [],
    answerHandover: async (number: number, text: string, isLast: boolean) => {
      changes.push(`${isLast ? "end" : "answer"} ${number} ${text}`);
      return { status: number === 3 ? ("taken" as const) : ("over" as const) };
    },
    ...given,
  };
}

async function answer(text: string, desk = createDesk()): Promise<string> {
  const command = parseCommand(text);
  const run = command && COMMANDS.get(command.name);
  if (!run) throw new TypeError(`${text} is no command of the desk`);
  return run(command.args, desk);
}

describe("the commands of the desk", () => {
  const waiting = [
    { number: 3, name: "Ada", channel: "web", flow: "help", openedAtMs: NOON, answeredBy: null },
    { number: 4, name: "Bo", channel: "web", flow: "help", openedAtMs: NOON, answeredBy: "Cy" },
  ];

  it("list who waits, since when, and who answers, with names as mere text", async ({ expect }) => {
    expect(await answer("/waiting")).toBe("handoverNone");
    const world = createDesk({ handovers: async () => waiting });
    expect(JSON.parse((await answer("/waiting", world)).slice("handoverList ".length))).toEqual({
      list: [
        "- **#3** <Ada> (web, help), 2026-11-21 20:00",
        '- **#4** <Bo> (web, help), 2026-11-21 20:00, handoverAnsweredBy {"name":"<Cy>"}',
      ].join("\n"),
    });
  });

  it.for<[text: string, reply: string, ...changes: string[]]>([
    ["/reply 3 Good\nmorning", 'handoverSent {"number":"3"}', "answer 3 Good\nmorning"],
    ["/reply #3 /done", 'handoverSent {"number":"3"}', "answer 3 /done"],
    ["/reply 4 hello", 'handoverUnknown {"number":"4"}', "answer 4 hello"],
    ["/done 3", 'handoverDone {"number":"3"}', "end 3 "],
    ["/done 3 Good night", 'handoverDone {"number":"3"}', "end 3 Good night"],
    ["/done 4", 'handoverUnknown {"number":"4"}', "end 4 "],
    ["/reply", "handoverReplyUsage"],
    ["/reply 3", "handoverReplyUsage"],
    ["/reply 3hello", "handoverReplyUsage"],
    ["/reply Ada hello", "handoverReplyUsage"],
    ["/reply 1234567890 hello", "handoverReplyUsage"],
    ["/done", "handoverDoneUsage"],
    ["/done all", "handoverDoneUsage"],
    [`/reply 3 ${"a".repeat(32_769)}`, 'handoverTooLong {"max":32768}'],
    [`/done 3 ${"a".repeat(32_769)}`, 'handoverTooLong {"max":32768}'],
    [
      `/reply 3 ${"a".repeat(32_768)}`,
      'handoverSent {"number":"3"}',
      `answer 3 ${"a".repeat(32_768)}`,
    ],
  ])("take a number and a text: %s", async ([text, reply, ...changes], { expect }) => {
    const world = createDesk();
    expect(await answer(text, world)).toBe(reply);
    expect(world.changes).toEqual(changes);
  });

  it("work in private only: a group would read along", async ({ expect }) => {
    const group = createDesk({ isDirect: false, handovers: async () => waiting });
    for (const text of ["/waiting", "/reply 3 hello", "/done 3"])
      expect(await answer(text, group)).toBe("handoverDirectOnly");
    expect(group.changes).toEqual([]);
  });
});

import { describe, it } from "vitest";
import { parseCommand } from "../../../src/core/command.ts";
import type { OwnExportAsked } from "../../../src/core/own-export.ts";
import type { ModelServerState } from "../../../src/core/ports.ts";
import { ROLES } from "../../../src/core/roles.ts";
import { isAllowed } from "../../../src/security/permissions.ts";
import {
  COMMAND_NAMES,
  type CommandPorts,
  decideTakeBack,
  permissionOf,
  runCommand,
} from "../../../src/turn/commands.ts";

const up: ModelServerState = {
  status: "up",
  version: "1",
  models: ["qwen3:4b", "gemma3:1b"].map((name) => ({
    name,
    sizeBytes: 1,
    capabilities: [],
    loaded: false,
  })),
  chosen: "qwen3:4b",
};
const down: ModelServerState = { status: "down", code: "model/unavailable" };

const NOON = Date.UTC(2026, 10, 21, 12);

interface World extends CommandPorts {
  /** What was changed, in order. */
  changes: string[];
}

function createWorld(given: Partial<CommandPorts> = {}): World {
  const changes: string[] = [];
  return {
    changes,
    say: (name, values) => (values ? `${name} ${JSON.stringify(values)}` : name),
    speaker: { name: "Ada", role: "owner" },
    isAllowed: () => true,
    channel: "telegram",
    isDirect: true,
    takenBack: 0,
    isInDialogue: false,
    hasLeftPerson: false,
    escape: (text) => `<${text}>`,
    handovers: async () => [],
    answerHandover: async (number, text, isLast) => {
      changes.push(`${isLast ? "end" : "answer"} ${number} ${text}`);
      return { status: number === 3 ? "taken" : "over" };
    },
    modelState: async () => up,
    sessionModel: () => "auto",
    setSessionModel: async (name) => changes.push(`model ${name}`) > 0,
    waiting: () => 2,
    place: () => undefined,
    search: async () => ({ found: [], isWhole: true }),
    messageCount: () => 7,
    startAfresh: () => changes.push("afresh"),
    pins: { all: async () => [], add: async () => undefined, remove: () => undefined },
    createLink: async () => "ABCDEFGH",
    redeemLink: async (code) => {
      changes.push(`redeem ${code}`);
      return { status: "linked", channel: "web" };
    },
    askExport: async () => {
      changes.push("ask export");
      return { status: "owner_asked" };
    },
    eraseMe: async () => {
      changes.push("erase me");
    },
    facts: async () => [{ number: 3, text: "Likes\ntea.", atMs: 1 }],
    forgetFact: async (number) => {
      changes.push(`forget fact ${number}`);
      return number === 3;
    },
    forgetFacts: async () => {
      changes.push("forget facts");
    },
    zone: async () => "Asia/Shanghai",
    setZone: async (zone) => {
      changes.push(`zone ${zone}`);
    },
    findZone: (place) => (place === "Tokyo" ? "Asia/Tokyo" : undefined),
    readWhen: async (text) =>
      text.startsWith("noon ")
        ? { status: "found", atMs: NOON, rest: text.slice(5) }
        : { status: text === "noon" ? "past" : "none" },
    reminders: () => ({
      add: async (text, dueAtMs) => {
        changes.push(`remind ${dueAtMs} ${text}`);
        return text !== "one too many";
      },
      list: async () => [{ number: 7, text: "Call\nBob", dueAtMs: NOON }],
    }),
    cancelReminder: (number) => {
      changes.push(`cancel ${number}`);
      return number === 7;
    },
    describeRepeat: (repeat) => JSON.stringify(repeat),
    nowMs: () => NOON,
    ...given,
  };
}

async function answer(text: string, world = createWorld()): Promise<string> {
  const command = parseCommand(text);
  if (!command) throw new TypeError(`${text} is no command`);
  return runCommand(command, world);
}

describe("runCommand", () => {
  it.for([
    ["/help", "help\nhelpDesk"],
    ["/start", "help\nhelpDesk"],
    ["/whoami", 'whoami {"name":"Ada","role":"roleOwner","channel":"telegram"}'],
    ["/pins", "pinsNone"],
    ["/frobnicate", 'unknownCommand {"name":"frobnicate"}'],
    ["/constructor", 'unknownCommand {"name":"constructor"}'],
  ] as const)("answers %s", async ([text, reply], { expect }) => {
    expect(await answer(text)).toBe(reply);
  });

  it("lists what answers people who were handed over for those alone who may", async ({
    expect,
  }) => {
    const ofRole = (role: (typeof ROLES)[number]) =>
      answer("/help", createWorld({ isAllowed: (asked) => isAllowed(role, asked) }));
    expect(await ofRole("operator")).toBe("help\nhelpDesk");
    expect(await ofRole("member")).toBe("help");
  });

  it.for<[text: string, reply: string, ...changes: string[]]>([
    ["/memory", 'memoryList {"list":"3. Likes tea."}'],
    ["/memory forget #3", 'memoryForgotten {"number":3}', "forget fact 3"],
    ["/memory forget 9", 'memoryUnknown {"number":9}', "forget fact 9"],
    ["/memory 忘记3", 'memoryForgotten {"number":3}', "forget fact 3"],
    ["/memory forget all", 'memoryForgetAsk {"count":1}'],
    ["/memory forget all yes", "memoryAllForgotten", "forget facts"],
    ["/memory forget everything", 'memoryForgetAsk {"count":1}'],
    [
      "/remind noon Call Bob",
      'remindSet {"time":"2026-11-21 20:00","zone":"Asia/Shanghai","text":"Call Bob"}',
      `remind ${NOON} Call Bob`,
    ],
    ["/remind noon one too many", 'remindFull {"max":50}', `remind ${NOON} one too many`],
    ["/remind noon", "remindPast"],
    ["/remind", 'remindUsage {"example":"2026-11-22 20:00"}'],
    [
      "/reminders",
      'remindersList {"list":"7. 2026-11-21 20:00 – Call Bob","zone":"Asia/Shanghai"}',
    ],
    ["/reminders cancel 7", 'remindersCancelled {"number":7}', "cancel 7"],
    ["/reminders 取消 8", 'remindersUnknown {"number":8}', "cancel 8"],
    ["/timezone", 'zoneNow {"zone":"Asia/Shanghai","time":"2026-11-21 20:00"}'],
    [
      "/timezone Tokyo",
      'zoneSet {"zone":"Asia/Tokyo","time":"2026-11-21 21:00"}',
      "zone Asia/Tokyo",
    ],
    ["/timezone Nowhere", 'zoneUnknown {"place":"Nowhere"}'],
  ])("answers %s about the person", async ([text, reply, ...changes], { expect }) => {
    const world = createWorld();
    expect(await answer(text, world)).toBe(reply);
    expect(world.changes).toEqual(changes);
  });

  it("shows what it remembers of a person to nobody else", async ({ expect }) => {
    expect(await answer("/memory", createWorld({ isDirect: false }))).toBe("memoryDirectOnly");
  });

  it("starts afresh", async ({ expect }) => {
    const world = createWorld();
    expect(await answer("/new", world)).toBe("newStarted");
    expect(world.changes).toEqual(["afresh"]);
  });

  it("says whether there was anything to stop", async ({ expect }) => {
    expect(await answer("/stop", createWorld({ takenBack: 1 }))).toBe("stopped");
    expect(await answer("/stop")).toBe("nothingToStop");
    expect(await answer("/stop", createWorld({ isInDialogue: true }))).toBe("nothingToStopFlow");
    expect(await answer("/cancel", createWorld({ takenBack: 1 }))).toBe("flowLeft");
    expect(await answer("/cancel")).toBe("flowNothingToLeave");
    const left = createWorld({ takenBack: 1, hasLeftPerson: true });
    expect(await answer("/cancel", left)).toBe("handoverLeft");
  });

  it("gives a link to a copy of everything, or asks the owner for it", async ({ expect }) => {
    const speaker = { name: "Ada", role: "member" } as const;
    const member = createWorld({ speaker });
    expect(await answer("/export", member)).toBe("exportAsked");
    expect(member.changes).toEqual(["ask export"]);
    const say = (asked: OwnExportAsked) =>
      answer("/export", createWorld({ speaker, askExport: async () => asked }));
    expect(await say({ status: "made", link: "the link" })).toBe(
      'exportLink {"link":"the link","minutes":15}',
    );
    expect(await say({ status: "too_many" })).toBe("exportTooMany");
    expect(await say({ status: "busy" })).toBe("exportBusy");
  });

  it("gives no link to a copy in a group, on the page, and to the owner", async ({ expect }) => {
    const speaker = { name: "Ada", role: "member" } as const;
    const worlds = [
      createWorld({ speaker, isDirect: false }),
      createWorld({ speaker, channel: "web" }),
      createWorld({ speaker: { name: "Olga", role: "owner" } }),
    ];
    const said = await Promise.all(worlds.map((world) => answer("/export", world)));
    expect(said).toEqual(["exportDirectOnly", "exportOnPage", "exportOwner"]);
    expect(worlds.flatMap(({ changes }) => changes)).toEqual([]);
  });

  it("erases a person only when that was confirmed, directly, and never the owner", async ({
    expect,
  }) => {
    const speaker = { name: "Ada", role: "member" as const };
    const world = () => createWorld({ speaker });
    const asked = world();
    expect(await answer("/forget everything", asked)).toBe("eraseAsk");
    expect(await answer("/forget 全部", asked)).toBe("eraseAsk");
    expect(asked.changes).toEqual([]);
    const confirmed = world();
    expect(await answer("/forget Everything YES", confirmed)).toBe("eraseBegun");
    expect(confirmed.changes).toEqual(["erase me"]);
    const grouped = createWorld({ speaker, isDirect: false });
    expect(await answer("/forget everything yes", grouped)).toBe("eraseDirectOnly");
    const owner = createWorld({ speaker: { ...speaker, role: "owner" } });
    expect(await answer("/forget everything yes", owner)).toBe("eraseOwner");
    expect([...grouped.changes, ...owner.changes]).toEqual([]);
  });

  it("asks before it forgets, and says how much was forgotten", async ({ expect }) => {
    expect(await answer("/forget")).toBe('forgetAsk {"count":7}');
    expect(await answer("/forget all of it")).toBe('forgetAsk {"count":7}');
    expect(await answer("/forget YES", createWorld({ takenBack: 5 }))).toBe(
      'forgotten {"count":5}',
    );
  });
});

describe("/status", () => {
  const rest = '\nstatusQueue {"count":2}\nstatusMessages {"count":7}';

  it("names the model that auto means now", async ({ expect }) => {
    expect(await answer("/status")).toBe(`statusModel {"model":"qwen3:4b"}${rest}`);
  });

  it("names the conversation's own model", async ({ expect }) => {
    const world = createWorld({ sessionModel: () => "gemma3:1b" });
    expect(await answer("/status", world)).toBe(`statusModel {"model":"gemma3:1b"}${rest}`);
  });

  it("tells of the line for the model server, and of this conversation's place in it", async ({
    expect,
  }) => {
    const queue = { slots: 2, busy: 2, waiting: 5 };
    const world = createWorld({
      modelState: async () => ({ ...down, queue }),
      place: () => ({ position: 3, etaMs: 41_000 }),
    });
    const line = 'statusGate {"busy":2,"slots":2,"count":5}';
    const place = 'placeSeconds {"position":3,"count":45}';
    expect(await answer("/status", world)).toBe(`statusModelDown\n${line}\n${place}${rest}`);
  });

  it("says that the server is down, or has no model", async ({ expect }) => {
    const off = createWorld({ modelState: async () => down });
    expect(await answer("/status", off)).toBe(`statusModelDown${rest}`);
    const { chosen: _chosen, ...bare } = up;
    const empty = createWorld({ modelState: async () => ({ ...bare, models: [] }) });
    expect(await answer("/status", empty)).toBe(`statusNoModel${rest}`);
  });
});

describe("/model", () => {
  const list = '{"models":"`qwen3:4b`, `gemma3:1b`"}';

  it("shows what is used and what there is", async ({ expect }) => {
    expect(await answer("/model")).toBe(
      `modelNow {"model":"modelAuto {\\"name\\":\\"auto\\",\\"model\\":\\"qwen3:4b\\"}"}\nmodelList ${list}`,
    );
    const world = createWorld({ sessionModel: () => "gemma3:1b" });
    expect(await answer("/model", world)).toBe(`modelNow {"model":"gemma3:1b"}\nmodelList ${list}`);
  });

  it("shows that nothing is known while the server is down", async ({ expect }) => {
    expect(await answer("/model", createWorld({ modelState: async () => down }))).toBe(
      'modelNow {"model":"modelAuto {\\"name\\":\\"auto\\",\\"model\\":\\"modelNone\\"}"}\nmodelList {"models":"modelNone"}',
    );
  });

  it("changes to one that is installed, or to auto", async ({ expect }) => {
    const world = createWorld();
    expect(await answer("/model gemma3:1b", world)).toBe('modelSet {"model":"gemma3:1b"}');
    expect(await answer("/model auto", world)).toBe('modelSet {"model":"auto"}');
    expect(world.changes).toEqual(["model gemma3:1b", "model auto"]);
  });

  it("refuses another, repeats no more than 80 characters of it and changes nothing", async ({
    expect,
  }) => {
    const world = createWorld();
    const reply = await answer(`/model ${"x".repeat(300)}`, world);
    expect(reply).toContain(`"model":"${"x".repeat(80)}"`);
    expect(await answer("/model qwen3:4b", createWorld({ modelState: async () => down }))).toMatch(
      /^modelUnknown/,
    );
    expect(world.changes).toEqual([]);
  });
});

describe("/link", () => {
  it("makes a code, and redeems one however it is typed", async ({ expect }) => {
    const world = createWorld();
    expect(await answer("/link", world)).toBe('linkCode {"code":"ABCDEFGH"}');
    expect(await answer("/link abcdefgh", world)).toBe('linkDone {"channel":"web"}');
    expect(world.changes).toEqual(["redeem ABCDEFGH"]);
  });

  it("says why a code does not work", async ({ expect }) => {
    const bad = createWorld({ redeemLink: async () => ({ status: "bad_code" }) });
    expect(await answer("/link x", bad)).toBe("linkBadCode");
    const own = createWorld({ redeemLink: async () => ({ status: "same_conversation" }) });
    expect(await answer("/link x", own)).toBe("linkSelf");
  });

  it("works in private only", async ({ expect }) => {
    const group = createWorld({ isDirect: false });
    expect(await answer("/link", group)).toBe("linkDirectOnly");
    expect(await answer("/link ABCDEFGH", group)).toBe("linkDirectOnly");
    expect(group.changes).toEqual([]);
  });
});

/** Commands that a role may not give; two are answered elsewhere. */
const DENIED = ROLES.flatMap((role) =>
  COMMAND_NAMES.filter((name) => name !== "flow" && name !== "tldr")
    .filter((name) => !isAllowed(role, permissionOf({ name }) ?? "host:report"))
    .map((name) => [role, name] as const),
);

describe("a command that the role does not allow", () => {
  it("is some command", ({ expect }) => {
    expect(DENIED).toContainEqual(["guest", "memory"]);
    expect(DENIED).toContainEqual(["guest", "model"]);
  });

  it.for(DENIED)("says so and changes nothing: %s, /%s", async ([role, name], { expect }) => {
    const world = createWorld({ isAllowed: (asked) => isAllowed(role, asked) });
    for (const args of ["", "yes", "forget all yes", "chat:3b", "ABCDEFGH"])
      expect(await answer(`/${name} ${args}`, world)).toBe(`notAllowed {"name":"${name}"}`);
    expect(world.changes).toEqual([]);
  });
});

describe("decideTakeBack", () => {
  it.for([
    ["/stop", "own_waiting"],
    ["/cancel", "own_dialogue"],
    ["/forget yes", "everything"],
    ["/forget Yes", "everything"],
    ["/forget", "nothing"],
    ["/forget no", "nothing"],
    ["/forget everything yes", "nothing"],
    ["/help", "nothing"],
    ["hello", "nothing"],
  ] as const)("takes back by %s: %s", ([text, takes], { expect }) => {
    expect(decideTakeBack(parseCommand(text), () => true)).toBe(takes);
  });

  it("takes nothing back for who may not", ({ expect }) => {
    const mayChat = (permission: string) => permission === "chat:use";
    expect(decideTakeBack(parseCommand("/forget yes"), mayChat)).toBe("nothing");
    expect(decideTakeBack(parseCommand("/stop"), mayChat)).toBe("own_waiting");
    expect(decideTakeBack(parseCommand("/stop"), () => false)).toBe("nothing");
  });
});

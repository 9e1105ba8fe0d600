/** The tools of a turn: chosen by what people wrote, bound to who speaks now and where. */
import { errorCode } from "../../core/errors.ts";
import type { ModelProfile } from "../../core/ports.ts";
import type { TurnTools } from "../../core/tools.ts";
import { findPageUrls } from "../../core/web-page.ts";
import type { Env } from "../../env.ts";
import { emit } from "../../observability/emit.ts";
import { describeError } from "../../observability/redact.ts";
import { isAllowed } from "../../security/permissions.ts";
import { TOOLS, WEB_TOOLS } from "../../tools/registry.ts";
import type { WebPages } from "../../tools/tool.ts";
import { createToolbox } from "../../tools/toolbox.ts";
import { chooseTools, toolTokens } from "../../turn/choose-tools.ts";
import { openOptions } from "../isolate.ts";
import { conversationOf } from "../session/stored-event.ts";
import type { TurnWork } from "./end-turn.ts";
import { fetchPage } from "./fetch-page.ts";
import { keepZone, memoryOf, zoneOf } from "./person-memory.ts";
import { remindersOf } from "./person-reminders.ts";

/** What answers of tools may add to the prompt, as a share of the context and at most. */
const RESULT_SHARE = 0.2;
const MAX_RESULT_TOKENS = 4_000;

/** Tools on offer, and the tokens of the context that they need: their descriptions and their answers. */
export interface OpenedTools {
  tools: TurnTools;
  reservedTokens: number;
  /** What tools change when the answer is stored; filled while they run. */
  changes: readonly (() => void)[];
}

/** Undefined where nothing that people wrote hints at a tool. `texts`: see {@link chooseTools}. */
export async function openTools(
  work: TurnWork,
  texts: readonly string[],
  { contextTokens, tools: takesTools }: ModelProfile,
): Promise<OpenedTools | undefined> {
  const { parts, row, request } = work;
  const isDirect = conversationOf(request.event).kind === "direct";
  // In a group others write into the prompt and read the answer: what is kept of a person stays out of it.
  const known = TOOLS.filter((tool) => isDirect || !tool.isPrivate);
  const pages = openPages(parts.env, texts);
  const { role } = request.speaker;
  const allowed = (pages ? [...known, ...WEB_TOOLS] : known).filter(({ permission }) =>
    isAllowed(role, permission),
  );
  const chosen = chooseTools(allowed, texts, contextTokens);
  if (chosen.length === 0) return undefined;
  const changes: (() => void)[] = [];
  const zone = await zoneOf(work);
  keepZone(work, zone);
  const memory = memoryOf(work);
  const reminders = remindersOf(work, zone, changes);
  const toolbox = createToolbox({
    tools: chosen,
    contextOf: (index, signal) => ({
      nowMs: parts.nowMs(),
      zone,
      callKey: `${row.turnId}:${index}`,
      signal,
      memory,
      reminders,
      ...(pages ? { pages } : {}),
    }),
    failed: (tool, error) =>
      emit({
        type: "fault",
        where: `tool:${tool}`,
        code: errorCode(error),
        cause: describeError(error),
      }),
  });
  const resultTokens = Math.min(MAX_RESULT_TOKENS, Math.floor(contextTokens * RESULT_SHARE));
  const specTokens = chosen.reduce((sum, tool) => sum + toolTokens(tool), 0);
  return {
    tools: { toolbox, how: takesTools ? "native" : "format", resultTokens },
    reservedTokens: specTokens + resultTokens,
    changes,
  };
}

/** Off by default; and never without the network that reaches public addresses only, which the host's config makes. */
export function openPages(env: Env, texts: readonly string[]): WebPages | undefined {
  const { INTERNET: internet } = env;
  const { ROCKPOOL_WEB_FETCH, ROCKPOOL_EGRESS } = openOptions(env);
  if (ROCKPOOL_WEB_FETCH !== "on" || ROCKPOOL_EGRESS === "listed" || !internet) return undefined;
  return {
    written: findPageUrls(texts),
    fetch: (url, signal) => fetchPage(url, internet, signal),
  };
}

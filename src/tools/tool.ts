/**
 * The contract of a tool. A tool is told who speaks by its context and never by its arguments: those are the words of a
 * model that may have read hostile text.
 */
import * as v from "valibot";
import type { Memory, Reminders } from "../core/memory.ts";
import type { JsonObject, ToolSpec } from "../core/ports.ts";
import type { Permission } from "../core/roles.ts";
import type { OfferedTool } from "../core/tools.ts";
import type { FetchedPage } from "../core/web-page.ts";

/** What a tool may use, bound to the person who speaks and to the conversation. */
export interface ToolContext {
  nowMs: number;
  /** IANA name of the person's time zone. */
  zone: string;
  /** Names the call; the same when the turn runs again. What a tool stores, it stores under this key. */
  callKey: string;
  signal: AbortSignal;
  memory: Memory;
  reminders: Reminders;
  /** Undefined where the box does not fetch pages. */
  pages?: WebPages;
}

export interface WebPages {
  /** Addresses that people wrote, as {@link findPageUrls} finds them. */
  written: ReadonlySet<string>;
  /** Throws only the signal's reason. */
  fetch(url: URL, signal: AbortSignal): Promise<FetchedPage>;
}

export interface Tool extends OfferedTool {
  /** True where its answers are for one person's eyes: not offered where others read along. */
  isPrivate: boolean;
  /** What the person who speaks must be allowed: it is offered to nobody else. */
  permission: Permission;
  /** Throws {@link ToolRefusal} with words for the model. */
  run(args: unknown, context: ToolContext): Promise<string>;
}

/** A tool that could not do what was asked: the message goes to the model. */
export class ToolRefusal extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ToolRefusal";
  }
}

interface ToolDefinition<Schema extends v.GenericSchema> {
  name: string;
  description: string;
  /** JSON Schema of each property; what the model is told. */
  properties: Record<string, JsonObject>;
  required: readonly string[];
  /** What the arguments are held to after they were repaired. */
  schema: Schema;
  hints: RegExp;
  permission: Permission;
  isPrivate?: boolean;
  run(args: v.InferOutput<Schema>, context: ToolContext): Promise<string> | string;
}

export function defineTool<const Schema extends v.GenericSchema>(
  definition: ToolDefinition<Schema>,
): Tool {
  const { name, description, properties, required, schema, hints, permission } = definition;
  const parameters = { type: "object", properties, required };
  const spec: ToolSpec = { name, description, parameters };
  return {
    spec,
    hints,
    permission,
    isPrivate: definition.isPrivate ?? false,
    async run(args, context) {
      const parsed = v.safeParse(schema, args);
      if (!parsed.success) throw new ToolRefusal(describeIssue(name, parsed.issues[0]));
      return definition.run(parsed.output, context);
    },
  };
}

function describeIssue(tool: string, issue: v.BaseIssue<unknown>): string {
  const field = v.getDotPath(issue);
  return `Wrong arguments for ${tool}${field ? `, at "${field}"` : ""}: ${issue.message} Call it again with right ones.`;
}

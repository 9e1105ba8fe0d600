/** A flow's definition, from bytes of outside to a value that every later part may trust. */
import * as v from "valibot";
import { AppError } from "../core/errors.ts";
import { type Definition, definitionSchema, type FlowState } from "./definition-schema.ts";
import { type Fault, findFaults } from "./faults.ts";

/** Faults that one error names; the others show when these are mended. */
const MAX_NAMED_FAULTS = 5;

/** Throws flow/bad_definition, which names each fault by its place. */
export function parseDefinition(given: unknown): Definition {
  const parsed = v.safeParse(definitionSchema, given);
  if (!parsed.success) throw badDefinition(parsed.issues.map(toFault));
  const faults = findFaults(parsed.output);
  if (faults.length > 0) throw badDefinition(faults);
  return parsed.output;
}

function toFault(issue: v.BaseIssue<unknown>): Fault {
  return { path: v.getDotPath(issue) ?? "", message: issue.message };
}

function badDefinition(faults: readonly Fault[]): AppError {
  const named = faults
    .slice(0, MAX_NAMED_FAULTS)
    .map(({ path, message }) => (path === "" ? message : `${path}: ${message}`));
  return new AppError("flow/bad_definition", { detail: `${named.join("; ")}.` });
}

/** The state of that name; undefined where there is none. */
export function findState(flow: Definition, name: string): FlowState | undefined {
  return Object.hasOwn(flow.states, name) ? flow.states[name] : undefined;
}

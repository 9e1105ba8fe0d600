/** Flows and their scripts as files: YAML of bounded size, without anchors, to plain values that a schema parses. */
import { readFileSync, statSync } from "node:fs";
import { parseDocument, stringify } from "yaml";
import { parseDefinition } from "../src/flows/definition.ts";
import type { Definition } from "../src/flows/definition-schema.ts";
import { MAX_FILE_BYTES } from "../src/flows/limits.ts";
import { parseScript, type Script } from "../src/flows/script.ts";
import { HostError, systemCode } from "./host-error.ts";

/** Throws file/*, flow/bad_yaml and flow/bad_definition. */
export function loadFlow(path: string): Definition {
  return parseDefinition(loadYaml(path));
}

/** Throws file/*, flow/bad_yaml and flow/bad_script. */
export function loadScript(path: string): Script {
  return parseScript(loadYaml(path));
}

/** Where the script of a flow lies unless somebody says otherwise: `contact.yaml` → `contact.script.yaml`. */
export function scriptPathOf(flowPath: string): string {
  return flowPath.replace(/(?:\.ya?ml)?$/, ".script.yaml");
}

function loadYaml(path: string): unknown {
  try {
    return parseYaml(readBounded(path));
  } catch (error) {
    if (error instanceof HostError) throw error;
    throw badYaml(path, error);
  }
}

/** Throws an Error that says what is wrong, and where. */
export function parseYaml(text: string): unknown {
  // An anchor repeated a few times makes gigabytes of a few lines: there are none here.
  const document = parseDocument(text, { stringKeys: true });
  const [problem] = document.errors;
  if (problem) throw problem;
  return document.toJS({ maxAliasCount: 0 });
}

export function renderYaml(value: unknown): string {
  return stringify(value).trimEnd();
}

function readBounded(path: string): string {
  try {
    if (statSync(path).size > MAX_FILE_BYTES)
      throw new HostError({
        code: "file/too_large",
        message: `${path} is larger than ${MAX_FILE_BYTES / 1024} KB.`,
        fix: "A flow is smaller: split it into several.",
      });
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof HostError) throw error;
    throw new HostError({
      code: "file/unreadable",
      message: `${path} cannot be read (${systemCode(error) ?? "unknown"}).`,
      fix: "Check the path.",
      cause: error,
    });
  }
}

function badYaml(path: string, cause: unknown): HostError {
  const [reason = ""] = (cause instanceof Error ? cause.message : String(cause)).split("\n");
  return new HostError({
    code: "flow/bad_yaml",
    message: `${path} is no YAML that can be read: ${reason}`,
    fix: "Mend the line that the message names.",
    cause,
  });
}

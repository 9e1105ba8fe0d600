/**
 * `<data>/egress.json`: the origins that accounts added with --api-base may reach besides public addresses. Each one
 * becomes an outbound service of its own in the workerd config.
 */
import { readFileSync } from "node:fs";
import * as v from "valibot";
import { writeFileAtomic } from "../atomic-file.ts";
import { type DataFolder, explainFileErrors } from "../data-folder.ts";
import { EXIT, HostError, systemCode } from "../host-error.ts";

export const MAX_EGRESS_ORIGINS = 64;

const OriginSchema = v.pipe(
  v.string(),
  v.maxLength(300),
  v.check(isOrigin, "an origin such as http://127.0.0.1:8081 is expected"),
);

const GrantsSchema = v.strictObject({
  origins: v.pipe(v.array(OriginSchema), v.maxLength(MAX_EGRESS_ORIGINS)),
});

/** True for scheme, host and port alone, in the normal form that `new URL(…).origin` gives. */
export function isOrigin(text: string): boolean {
  return URL.canParse(text) && /^https?:/.test(text) && new URL(text).origin === text;
}

/** Throws egress/unreadable. None where there is no file. */
export function loadEgressOrigins(folder: DataFolder): string[] {
  const parsed = v.safeParse(GrantsSchema, readGrants(folder));
  if (parsed.success) return [...new Set(parsed.output.origins)];
  throw unreadable(
    folder,
    `${v.getDotPath(parsed.issues[0]) ?? "file"}: ${parsed.issues[0].message}`,
  );
}

/** Throws egress/too_many when there would be more than {@link MAX_EGRESS_ORIGINS}. */
export function writeEgressOrigins(folder: DataFolder, origins: readonly string[]): void {
  const distinct = [...new Set(origins)];
  if (distinct.length > MAX_EGRESS_ORIGINS)
    throw new HostError({
      code: "egress/too_many",
      message: `Only ${MAX_EGRESS_ORIGINS} private addresses can be allowed.`,
      fix: "Remove an account that was added with --api-base first.",
    });
  explainFileErrors(folder.root, () =>
    writeFileAtomic(folder.egress, `${JSON.stringify({ origins: distinct }, undefined, 2)}\n`),
  );
}

function readGrants(folder: DataFolder): unknown {
  try {
    return JSON.parse(readFileSync(folder.egress, "utf8"));
  } catch (error) {
    if (systemCode(error) === "ENOENT") return { origins: [] };
    if (error instanceof SyntaxError) throw unreadable(folder, "it is not JSON");
    throw unreadable(folder, "it cannot be read");
  }
}

function unreadable(folder: DataFolder, what: string): HostError {
  return new HostError({
    code: "egress/unreadable",
    message: `${folder.egress} is wrong: ${what}.`,
    fix: 'Write it as {"origins": ["http://127.0.0.1:8081"]}, or remove it and add the accounts again.',
    exitStatus: EXIT.config,
  });
}

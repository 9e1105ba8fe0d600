/** The list of all packages with their licences, for docs/packages.md: made from the lock files. */
import { join } from "node:path";
import { LOCKS, type LockedPackage, listPackages, loadLock } from "./package-locks.ts";
import { SCRIPTS_LEFT_OUT } from "./package-policy.ts";

const ROOT = join(import.meta.dirname, "..");

export function renderPackages(): string {
  const project = listPackages(loadLock(ROOT, LOCKS.project));
  const parts = [
    section("On the box", use(project, "runtime")),
    section("On the box, where its own Node is too old", listPackages(loadLock(ROOT, LOCKS.node))),
    section(
      "On the box, with the built-in model server",
      listPackages(loadLock(ROOT, LOCKS["model engine"])),
    ),
    section("For development and tests", use(project, "development")),
  ];
  const scripts = Object.entries(SCRIPTS_LEFT_OUT).map(([name, why]) => `- \`${name}\`: ${why}.`);
  return `# Packages

Every package that a lock file names, at its exact version, by licence. \`npm ci\` installs them without their install scripts
(\`.npmrc\`, and \`--ignore-scripts\` wherever we call it). Nothing is missed by that; these are the packages that have one:

${scripts.join("\n")}

${parts.join("\n\n")}
`;
}

function use(packages: readonly LockedPackage[], wanted: LockedPackage["use"]): LockedPackage[] {
  return packages.filter((item) => item.use === wanted);
}

function section(title: string, packages: readonly LockedPackage[]): string {
  const licences = new Map<string, Set<string>>();
  for (const { name, version, licence = "not stated" } of packages)
    licences.set(licence, (licences.get(licence) ?? new Set()).add(`${name}@${version}`));
  const rows = [...licences]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([licence, names]) => `- **${licence}** (${names.size}): ${[...names].sort().join(", ")}`);
  return `## ${title}\n\n${rows.join("\n")}`;
}

/**
 * Who may import whom, as one table, and what looks at it. Denied by default: an area imports itself, the areas and
 * packages that its line names, and nothing else. test/unit/architecture.test.ts runs it on the project's own files.
 */
import { posix } from "node:path";

export interface SourceFile {
  /** From the project's folder, with forward slashes. */
  path: string;
  text: string;
}

export interface ImportLine {
  specifier: string;
  /** True for `import type` and `export type`: gone when the code runs. */
  isTypeOnly: boolean;
}

interface Area {
  /** A file, or a folder with all below it. The longest that fits a file is its area. */
  place: string;
  /** Places that may be imported. */
  uses: readonly string[];
  /** Places whose types may be imported as well. */
  types?: readonly string[];
  /** Packages; `node:` stands for everything of Node. */
  packages?: readonly string[];
}

const LOWER = [
  "src/core",
  "src/redaction",
  "src/security",
  "src/config",
  "src/observability",
  "src/phrases",
];

/** From the bottom up: no line uses one below it, but for types of the bindings. */
export const AREAS: readonly Area[] = [
  { place: "src/core", uses: [], packages: ["uuid"] },
  { place: "src/config", uses: ["src/core"] },
  { place: "src/redaction", uses: ["src/core"], packages: ["re2js"] },
  { place: "src/observability", uses: ["src/core", "src/redaction"] },
  { place: "src/phrases", uses: ["src/core"] },
  // scrypt: Web Crypto has nothing like it.
  { place: "src/security/password.ts", uses: ["src/security"], packages: ["node:crypto"] },
  { place: "src/security/passkey.ts", uses: ["src/core"], packages: ["@simplewebauthn/server"] },
  {
    place: "src/security/oidc-provider.ts",
    uses: ["src/core", "src/security"],
    packages: ["jose", "valibot"],
  },
  { place: "src/security", uses: ["src/core"], packages: ["jose"] },
  { place: "src/db", uses: LOWER, packages: ["drizzle-orm"] },
  { place: "src/cache", uses: ["src/core", "src/observability"] },
  { place: "src/models", uses: [...LOWER, "src/cache"], packages: ["valibot"] },
  {
    place: "src/adapters/telegram",
    uses: LOWER,
    types: ["src/adapters/adapter.ts"],
    packages: ["grammy", "markdown-it", "valibot"],
  },
  {
    place: "src/adapters/webhook",
    uses: LOWER,
    types: ["src/adapters/adapter.ts"],
    packages: ["valibot"],
  },
  {
    place: "src/adapters/catalogue.ts",
    uses: ["src/adapters/telegram/fields.ts", "src/adapters/webhook/fields.ts"],
    types: ["src/adapters/adapter.ts"],
  },
  { place: "src/adapters/registry.ts", uses: ["src/adapters"] },
  { place: "src/adapters", uses: LOWER },
  { place: "src/documents", uses: ["src/core"] },
  {
    place: "src/tools",
    uses: [...LOWER, "src/documents"],
    packages: ["chrono-node", "decimal.js", "valibot"],
  },
  { place: "src/turn", uses: ["src/core"] },
  { place: "src/gate", uses: ["src/core"] },
  { place: "src/limits", uses: ["src/core"] },
  { place: "src/flows", uses: ["src/core", "src/phrases"], packages: ["valibot", "xstate"] },
  {
    place: "src/do",
    uses: [
      ...LOWER,
      "src/cache",
      "src/db",
      "src/adapters",
      "src/models",
      "src/documents",
      "src/tools",
      "src/turn",
      "src/gate",
      "src/limits",
      "src/flows",
    ],
    types: ["src/env.ts"],
    packages: ["cloudflare:workers"],
  },
  {
    place: "src/http",
    uses: [...LOWER, "src/do", "src/limits"],
    types: ["src/env.ts"],
    packages: ["hono", "valibot"],
  },
  {
    place: "src/routes",
    uses: [...LOWER, "src/cache", "src/do", "src/flows", "src/http", "src/limits"],
    types: ["src/adapters", "src/env.ts"],
    packages: ["hono", "valibot"],
  },
  { place: "src/env.ts", uses: [], types: ["src/cache", "src/do"] },
  { place: "src/app.ts", uses: [...LOWER, "src/http", "src/routes"], packages: ["hono"] },
  {
    place: "src/index.ts",
    uses: ["src/app.ts", "src/do"],
    types: ["src/env.ts"],
    packages: ["cloudflare:workers"],
  },
  {
    place: "src/console",
    uses: ["src/core"],
    packages: [
      "@preact/signals",
      "@simplewebauthn/browser",
      "dompurify",
      "markdown-it",
      "preact",
      "valibot",
    ],
  },
  { place: "local-runtime/dev.worker.ts", uses: ["src/index.ts"], types: ["src/env.ts"] },
  {
    place: "local-runtime",
    uses: ["src/core", "src/redaction", "src/config", "src/flows", "src/adapters/catalogue.ts"],
    types: ["src/adapters/adapter.ts"],
    packages: [
      "node:",
      "@jsquash",
      "age-encryption",
      "aws4fetch",
      "commander",
      "smol-toml",
      "unpdf",
      "valibot",
      "yaml",
    ],
  },
];

const STATIC =
  /^(?:import|export)\s+(type\s+)?(?:\*(?:\s+as\s+\w+)?\s+from\s+|[\w*{][^"';]*?\sfrom\s+)?"([^"\n]+)"/gm;
const DYNAMIC = /\bimport\("([^"\n]+)"\)/g;

export function parseImports(text: string): ImportLine[] {
  const fixed = [...text.matchAll(STATIC)].map(([, type, specifier = ""]) => ({
    specifier,
    isTypeOnly: type !== undefined,
  }));
  const loaded = [...text.matchAll(DYNAMIC)].map(([, specifier = ""]) => ({
    specifier,
    isTypeOnly: false,
  }));
  return [...fixed, ...loaded];
}

/** The file that a relative import means; undefined for a package. */
function targetOf(path: string, specifier: string): string | undefined {
  return specifier.startsWith(".") ? posix.join(posix.dirname(path), specifier) : undefined;
}

function isIn(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`);
}

export function findArea(path: string): Area | undefined {
  return AREAS.filter(({ place }) => isIn(path, place)).sort(
    (a, b) => b.place.length - a.place.length,
  )[0];
}

function isPackageAllowed(specifier: string, { packages = [] }: Area): boolean {
  return packages.some(
    (name) => specifier === name || specifier.startsWith(name.endsWith(":") ? name : `${name}/`),
  );
}

function isImportAllowed(path: string, { specifier, isTypeOnly }: ImportLine, area: Area): boolean {
  const target = targetOf(path, specifier);
  if (target === undefined) return isPackageAllowed(specifier, area);
  if (findArea(target) === area) return true;
  const places = isTypeOnly ? [...area.uses, ...(area.types ?? [])] : area.uses;
  return places.some((place) => isIn(target, place));
}

/** One sentence for each import that the table does not allow. */
export function findForbiddenImports(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, text }) => {
    const area = findArea(path);
    if (!area) return [`${path} is in no area of the table`];
    return parseImports(text)
      .filter((line) => !isImportAllowed(path, line, area))
      .map(
        (line) => `${path} may not import ${line.isTypeOnly ? "types of " : ""}${line.specifier}`,
      );
  });
}

/** The first circle of value imports, as the paths along it; undefined where there is none. */
export function findCycle(files: readonly SourceFile[]): string[] | undefined {
  const edges = new Map(
    files.map(({ path, text }) => [
      path,
      parseImports(text)
        .filter(({ isTypeOnly }) => !isTypeOnly)
        .flatMap(({ specifier }) => targetOf(path, specifier) ?? []),
    ]),
  );
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]): string[] | undefined => {
    if (way.includes(path)) return [...way.slice(way.indexOf(path)), path];
    if (done.has(path)) return undefined;
    for (const next of edges.get(path) ?? []) {
      const cycle = visit(next, [...way, path]);
      if (cycle) return cycle;
    }
    done.add(path);
    return undefined;
  };
  for (const path of edges.keys()) {
    const cycle = visit(path, []);
    if (cycle) return cycle;
  }
  return undefined;
}

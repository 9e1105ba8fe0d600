import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, it, onTestFinished } from "vitest";
import { bundle, HOST_FLAGS, WORKER_FLAGS } from "../../../local-runtime/bundle.ts";
import { runEsbuild } from "../../../local-runtime/esbuild.ts";
import { BUNDLED_PROGRAMS, PROGRAMS } from "../../../local-runtime/programs.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** A project of a few lines with this one's packages. */
function newProject(): string {
  const root = mkdtempSync(join(tmpdir(), "rockpool-bundle-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  symlinkSync(join(ROOT, "node_modules"), join(root, "node_modules"));
  for (const name of ["package.json", "package-lock.json"])
    cpSync(join(ROOT, name), join(root, name));
  cpSync(join(ROOT, "bin"), join(root, "bin"), { recursive: true });
  for (const source of Object.values(PROGRAMS)) {
    mkdirSync(join(root, dirname(source)), { recursive: true });
    writeFileSync(join(root, source), `console.log("${source}");`);
  }
  mkdirSync(join(root, "src", "console"), { recursive: true });
  writeFileSync(join(root, "src", "index.ts"), 'import { a } from "./a.ts"; export default a;');
  writeFileSync(join(root, "src", "a.ts"), "export const a: number = 41;");
  writeFileSync(join(root, "src", "console", "index.html"), "<!doctype html>");
  writeFileSync(join(root, "src", "console", "look.css"), "body { color: red }");
  writeFileSync(
    join(root, "src", "console", "main.tsx"),
    'import "./look.css"; document.title = String(<p>hello</p>);',
  );
  return root;
}

describe("the bundle", () => {
  it("is one module for workerd, and three files of stable names for the console", ({ expect }) => {
    const root = newProject();
    const { workerFile, consoleDir, built } = bundle(root);
    expect(built).toBe(true);
    expect(readdirSync(dirname(workerFile))).toEqual(["index.js"]);
    expect(readFileSync(workerFile, "utf8")).toContain("41");
    expect(readdirSync(consoleDir).sort()).toEqual(["app.css", "app.js", "index.html"]);
    expect(readFileSync(join(consoleDir, "app.js"), "utf8")).not.toContain("React");
  });

  it("has a module for what is loaded on first use, and none of an earlier build", ({ expect }) => {
    const root = newProject();
    writeFileSync(join(root, "src", "rare.ts"), "export const rare: number = 42;");
    writeFileSync(
      join(root, "src", "a.ts"),
      'export const a = async () => (await import("./rare.ts")).rare;',
    );
    const { workerFile } = bundle(root);
    const modules = () => readdirSync(dirname(workerFile)).sort();
    const before = modules();
    expect(before).toEqual(["index.js", expect.stringMatching(/^rare-[A-Z\d]{8}\.js$/)]);
    expect(readFileSync(workerFile, "utf8")).toContain(`import("./${before[1]}")`);
    writeFileSync(join(root, "src", "rare.ts"), "export const rare: number = 43;");
    bundle(root);
    expect(modules()).toHaveLength(2);
    expect(modules()).not.toContain(before[1]);
  });

  it("is ASCII, and finds and says the same letters as before", async ({ expect }) => {
    const root = newProject();
    writeFileSync(
      join(root, "src", "a.ts"),
      'export const a = (text: string) => text.replace(/[你-好]|é|😀+|\\p{Emoji_Presentation}/gu, "“…”");',
    );
    const { workerFile } = bundle(root);
    expect(readFileSync(workerFile, "utf8")).toMatch(/^[\0-\x7f]*$/);
    const { default: replace } = await import(workerFile);
    expect(replace("a你é😀😀🎉b")).toBe("a“…”“…”“…”“…”b");
  });

  it("is one file for each program of the host", ({ expect }) => {
    const root = newProject();
    bundle(root);
    const programs = readdirSync(join(root, BUNDLED_PROGRAMS)).sort();
    expect(programs).toEqual(
      Object.keys(PROGRAMS)
        .map((name) => `${name}.js`)
        .sort(),
    );
    const main = readFileSync(join(root, BUNDLED_PROGRAMS, "main.js"), "utf8");
    expect(main).toContain('console.log("local-runtime/main.ts")');
  });

  it("stands until a source changes, comes or goes", ({ expect }) => {
    const root = newProject();
    bundle(root);
    expect(bundle(root).built).toBe(false);
    writeFileSync(join(root, "src", "a.ts"), "export const a: number = 4142;");
    expect(bundle(root).built).toBe(true);
    writeFileSync(join(root, "src", "b.ts"), "");
    expect(bundle(root).built).toBe(true);
    rmSync(join(root, "src", "b.ts"));
    expect(bundle(root).built).toBe(true);
    writeFileSync(join(root, PROGRAMS.main), "console.log(4143);");
    expect(bundle(root).built).toBe(true);
    expect(bundle(root).built).toBe(false);
  });

  it("that fails says where, leaves the last one, and is tried again", ({ expect }) => {
    const root = newProject();
    const { workerFile } = bundle(root);
    const before = readFileSync(workerFile, "utf8");
    writeFileSync(join(root, "src", "a.ts"), "export const a = ;");
    expect(() => bundle(root)).toThrow(
      expect.objectContaining({
        code: "build/failed",
        message: 'The Worker cannot be bundled: Unexpected ";" (src/a.ts:1).',
      }),
    );
    expect(readFileSync(workerFile, "utf8")).toBe(before);
    expect(readdirSync(join(root, ".runtime", "build")).sort()).toEqual([
      "host",
      "stamp",
      "worker",
    ]);
    writeFileSync(join(root, "src", "a.ts"), "export const a = 43;");
    expect(bundle(root).built).toBe(true);
    expect(readFileSync(workerFile, "utf8")).toContain("43");
  });
});

interface Output {
  bytes: number;
  imports: { path: string; kind: string }[];
  inputs: Record<string, { bytesInOutput: number }>;
}

/** What is loaded with one output: the packages, the folders of `src`, and how large it is together. */
function describeOutput(flags: readonly string[], name: string) {
  const dir = mkdtempSync(join(tmpdir(), "rockpool-bundle-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const metafile = join(dir, "meta.json");
  runEsbuild(ROOT, join(dir, "out"), [...flags, `--metafile=${metafile}`]);
  const { outputs }: { outputs: Record<string, Output> } = JSON.parse(
    readFileSync(metafile, "utf8"),
  );
  const loaded = new Set<Output>();
  const load = (path: string | undefined): void => {
    const output = path === undefined ? undefined : outputs[path];
    if (!output || loaded.has(output)) return;
    loaded.add(output);
    for (const { path, kind } of output.imports) if (kind === "import-statement") load(path);
  };
  load(Object.keys(outputs).find((path) => path.endsWith(`/${name}.js`)));
  if (loaded.size === 0) throw new Error(`${name} is not bundled`);
  const used = [...loaded].flatMap(({ inputs }) =>
    Object.keys(inputs).filter((path) => (inputs[path]?.bytesInOutput ?? 0) > 0),
  );
  const foundBy = (form: RegExp) =>
    [...new Set(used.flatMap((path) => form.exec(path)?.[1] ?? []))].sort();
  return {
    sizeBytes: [...loaded].reduce((sum, { bytes }) => sum + bytes, 0),
    packages: foundBy(/node_modules\/((?:@[^/]+\/)?[^/]+)/),
    folders: foundBy(/^(src\/[^/]+)\//),
  };
}

describe("the program that stays in memory", () => {
  it("holds these packages and nothing else of the box", ({ expect }) => {
    const { packages, folders, sizeBytes } = describeOutput(HOST_FLAGS, "up");
    expect(packages).toEqual(["commander", "re2js", "smol-toml", "valibot"]);
    expect(folders).toEqual(["src/config", "src/core", "src/redaction"]);
    expect(sizeBytes).toBeLessThan(850_000);
  });
});

describe("what workerd compiles at each start of the Worker", () => {
  it("is what each message needs; the rest is loaded on first use", ({ expect }) => {
    const { packages, sizeBytes } = describeOutput(WORKER_FLAGS, "index");
    expect(packages).toEqual(["drizzle-orm", "hono", "jose", "uuid", "valibot"]);
    expect(sizeBytes).toBeLessThan(1_050_000);
  });
});

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
import { bundle, HOST_FLAGS } from "../../../local-runtime/bundle.ts";
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
    expect(readFileSync(workerFile, "utf8")).toContain("41");
    expect(readdirSync(consoleDir).sort()).toEqual(["app.css", "app.js", "index.html"]);
    expect(readFileSync(join(consoleDir, "app.js"), "utf8")).not.toContain("React");
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

/** What a program of the host is bundled of: the packages, the folders of `src`, and how large it becomes. */
function describeProgram(name: keyof typeof PROGRAMS) {
  const dir = mkdtempSync(join(tmpdir(), "rockpool-bundle-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const metafile = join(dir, "meta.json");
  runEsbuild(ROOT, join(dir, "host"), [...HOST_FLAGS, `--metafile=${metafile}`]);
  interface Output {
    bytes: number;
    inputs: Record<string, { bytesInOutput: number }>;
  }
  const { outputs }: { outputs: Record<string, Output> } = JSON.parse(
    readFileSync(metafile, "utf8"),
  );
  const output = Object.entries(outputs).find(([path]) => path.endsWith(`/${name}.js`))?.[1];
  if (!output) throw new Error(`${name} is not bundled`);
  const used = Object.entries(output.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  const foundBy = (form: RegExp) =>
    [...new Set(used.flatMap(([path]) => form.exec(path)?.[1] ?? []))].sort();
  return {
    sizeBytes: output.bytes,
    packages: foundBy(/node_modules\/((?:@[^/]+\/)?[^/]+)/),
    folders: foundBy(/^(src\/[^/]+)\//),
  };
}

describe("the program that stays in memory", () => {
  it("holds these packages and nothing else of the box", ({ expect }) => {
    const { packages, folders, sizeBytes } = describeProgram("up");
    expect(packages).toEqual(["commander", "re2js", "smol-toml", "valibot"]);
    expect(folders).toEqual(["src/config", "src/core", "src/redaction"]);
    expect(sizeBytes).toBeLessThan(850_000);
  });
});

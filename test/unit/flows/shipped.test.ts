import { join } from "node:path";
import { describe, it } from "vitest";
import { loadFlow, loadScript, parseYaml, scriptPathOf } from "../../../local-runtime/flow-file.ts";
import { parseDefinition } from "../../../src/flows/definition.ts";
import { parseScript, rehearse } from "../../../src/flows/script.ts";
import { listProjectFiles, PROJECT_ROOT, readProjectFile } from "../../support/project-files.ts";

const paths = listProjectFiles("local-runtime/flows/*.yaml").filter(
  (path) => !path.endsWith(".script.yaml"),
);

describe("the shipped flows", () => {
  it("are three", ({ expect }) => {
    expect(paths.map((path) => loadFlow(join(PROJECT_ROOT, path)).flow).sort()).toEqual([
      "appointment",
      "contact",
      "help-desk",
    ]);
  });

  it.for(paths)("go as their scripts say: %s", (path, { expect }) => {
    const flow = loadFlow(join(PROJECT_ROOT, path));
    const rehearsed = rehearse(flow, loadScript(join(PROJECT_ROOT, scriptPathOf(path))));
    expect(rehearsed.length).toBeGreaterThanOrEqual(3);
    expect(rehearsed.filter(({ problem }) => problem !== undefined)).toEqual([]);
  });
});

describe("the flow in docs/flows.md", () => {
  it("goes as the script there says", ({ expect }) => {
    const blocks = [...readProjectFile("docs/flows.md").matchAll(/```yaml\n(.*?)```/gs)];
    const [flow, script] = blocks.map(([, text = ""]) => parseYaml(text));
    const rehearsed = rehearse(parseDefinition(flow), parseScript(script));
    expect(rehearsed).toEqual([{ name: "soup without salt" }, { name: "nobody answers" }]);
  });
});

/** What SECURITY.md promises is held by tests that exist. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "vitest";
import { PROJECT_ROOT, readProjectFile } from "../support/project-files.ts";
import { loadPromises } from "../support/promises.ts";

const promises = loadPromises();

describe("the promises of SECURITY.md", () => {
  it("are numbered without a gap in each area", ({ expect }) => {
    const areas = Map.groupBy(promises, ({ area }) => area);
    expect(areas.size).toBeGreaterThan(5);
    for (const [area, rows] of areas)
      expect(
        rows.map(({ number }) => number),
        area,
      ).toEqual(rows.map((_, index) => index + 1));
  });

  it.for(promises)("$area-$number names tests that exist", ({ tests }, { expect }) => {
    expect(tests.length).toBeGreaterThan(0);
    for (const { path, title } of tests) {
      expect(existsSync(join(PROJECT_ROOT, path)), path).toBe(true);
      expect(readProjectFile(path), `${path} has no test of this title`).toContain(title);
    }
  });
});

import fc from "fast-check";
import { describe, it } from "vitest";
import { safeEnding } from "../../../../src/do/person-data/export-page.ts";

describe("a file in an export", () => {
  it.for([
    ["plan.pdf", ".pdf"],
    ["photo.JPG", ".JPG"],
    ["archive.tar.gz", ".gz"],
    ["no ending", ""],
    ["a.b c", ""],
    ["invoice.html", ".html.txt"],
    ["INVOICE.HTM", ".HTM.txt"],
    ["logo.svg", ".svg.txt"],
    ["page.xhtml", ".xhtml.txt"],
    ["mail.mht", ".mht.txt"],
    ["feed.xml", ".xml.txt"],
  ] as const)("is no page that a browser runs: %s", ([name, ending], { expect }) => {
    expect(safeEnding(name)).toBe(ending);
  });

  it("has an ending that fits into a path, whatever its name", ({ expect }) => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (name) => {
        expect(safeEnding(name)).toMatch(/^(?:\.[A-Za-z0-9]{1,8}(?:\.txt)?)?$/);
      }),
    );
  });
});

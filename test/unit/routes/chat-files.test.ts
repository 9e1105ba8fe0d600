import fc from "fast-check";
import { describe, it } from "vitest";
import { cleanMime, cleanName, disposition } from "../../../src/routes/chat-files.ts";

const text = fc.string({ unit: "binary", maxLength: 60 });

describe("what a page says of a file", () => {
  it("becomes a name without path, control or direction marks, and never an empty one", ({
    expect,
  }) => {
    fc.assert(
      fc.property(text, (name) => {
        const clean = cleanName(name);
        expect(clean).not.toMatch(/[/\\\p{Cc}\p{Cf}\p{Cs}]/u);
        expect(clean).not.toMatch(/^\.*$/);
      }),
    );
    expect(cleanName("C:\\a\\报告.pdf")).toBe("报告.pdf");
    expect(cleanName(" a b ")).toBe("a b");
  });

  it("becomes a type that is a token, or the unknown one", ({ expect }) => {
    fc.assert(
      fc.property(text, (type) => {
        expect(cleanMime(type)).toMatch(/^[a-z0-9][a-z0-9.+-]*\/[a-z0-9][a-z0-9.+-]*$/);
      }),
    );
    expect(cleanMime("IMAGE/PNG;x=1")).toBe("image/png");
    expect(cleanMime(null)).toBe("application/octet-stream");
  });

  it("makes a header value of any name, and no second header or parameter", ({ expect }) => {
    fc.assert(
      fc.property(text, (name) => {
        const value = disposition("attachment", name);
        expect(new Headers({ x: value }).get("x")).toBe(value);
        expect(value).toMatch(
          /^attachment; filename="[^"\\%]*"; filename\*=UTF-8''[\w.!~%#&+^`|$-]*$/,
        );
      }),
    );
  });
});

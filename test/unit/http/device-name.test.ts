import fc from "fast-check";
import { describe, it } from "vitest";
import { nameDevice } from "../../../src/http/device-name.ts";

describe("the name of a device", () => {
  it("is what people call its browser and its system", ({ expect }) => {
    const names = {
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36":
        "Chrome · Windows",
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0":
        "Edge · Windows",
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1":
        "Safari · iPhone",
      "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0": "Firefox · Linux",
      "Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36":
        "Chrome · Android",
      "curl/8.5.0": "Browser",
      "": "Browser",
    };
    for (const [userAgent, name] of Object.entries(names)) expect(nameDevice(userAgent)).toBe(name);
    expect(nameDevice(undefined)).toBe("Browser");
  });

  it("keeps nothing of a header's own text", ({ expect }) => {
    fc.assert(
      fc.property(fc.string({ maxLength: 2_000 }), (text) => {
        expect(nameDevice(`<script>${text} Firefox/1`)).toMatch(/^[A-Za-z ]+( · [A-Za-z]+)?$/);
      }),
    );
  });
});

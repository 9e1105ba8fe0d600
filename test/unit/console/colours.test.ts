import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "vitest";

const CSS = readFileSync(
  join(import.meta.dirname, "../../../src/console/style/colours.css"),
  "utf8",
);

/** WCAG 2.2, 1.4.3 for text, and 1.4.11 for what shows where a control is. */
const MIN_TEXT_CONTRAST = 4.5;
const MIN_CONTROL_CONTRAST = 3;

const TEXT_ON_GROUND = [
  "text ground",
  "text surface",
  "text sunken",
  "text own",
  "text notice",
  "quiet ground",
  "quiet surface",
  "quiet sunken",
  "accent ground",
  "accent surface",
  "accent notice",
  "on-accent accent",
  "trouble ground",
  "trouble surface",
];

function declarations(block: string): Record<string, string> {
  const found = block.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6});/g);
  return Object.fromEntries([...found].map(([, name = "", value = ""]) => [name, value]));
}

/** Of WCAG 2.2. */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

describe("the page's colours", () => {
  const [light = {}, chosenDark = {}, deviceDark = {}] = CSS.split(/:root/)
    .slice(1)
    .map(declarations);

  it("are the same dark ones, whether chosen or the device's", ({ expect }) => {
    expect(Object.keys(light).length).toBeGreaterThan(10);
    expect(chosenDark).toEqual(deviceDark);
    expect(Object.keys(chosenDark)).toEqual(Object.keys(light));
  });

  it(`give every text a contrast of ${MIN_TEXT_CONTRAST} at least`, ({ expect }) => {
    for (const [theme, colours] of Object.entries({ light, dark: chosenDark }))
      for (const pair of TEXT_ON_GROUND) {
        const [text = "", ground = ""] = pair.split(" ").map((name) => colours[name]);
        expect(contrast(text, ground), `${theme}: ${pair}`).toBeGreaterThanOrEqual(
          MIN_TEXT_CONTRAST,
        );
      }
  });

  it("show where the text field ends", ({ expect }) => {
    for (const colours of [light, chosenDark])
      expect(contrast(colours["line-strong"] ?? "", colours.surface ?? "")).toBeGreaterThanOrEqual(
        MIN_CONTROL_CONTRAST,
      );
  });
});

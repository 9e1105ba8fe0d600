/** What a signed-in device is called in lists, read from its User-Agent. Pure. */

const BROWSERS: readonly [RegExp, string][] = [
  [/\bEdgA?\//, "Edge"],
  [/\b(?:OPR|Opera)\//, "Opera"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\bMicroMessenger\//, "WeChat"],
  [/\b(?:Firefox|FxiOS)\//, "Firefox"],
  [/\b(?:Chrome|CriOS)\//, "Chrome"],
  [/\bSafari\//, "Safari"],
];

const SYSTEMS: readonly [RegExp, string][] = [
  [/\biPhone\b/, "iPhone"],
  [/\biPad\b/, "iPad"],
  [/\bHarmonyOS\b/, "HarmonyOS"],
  [/\bAndroid\b/, "Android"],
  [/\bWindows\b/, "Windows"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bMac OS X\b/, "macOS"],
  [/\bLinux\b/, "Linux"],
];

/** Long ones are no browser's. */
const MAX_USER_AGENT_UNITS = 512;

/** One of a few names, whatever the header holds: nothing of its own text is kept. */
export function nameDevice(userAgent: string | undefined): string {
  const text = (userAgent ?? "").slice(0, MAX_USER_AGENT_UNITS);
  const find = (table: readonly [RegExp, string][]) => table.find(([form]) => form.test(text))?.[1];
  return [find(BROWSERS) ?? "Browser", find(SYSTEMS)].filter((part) => part).join(" · ");
}

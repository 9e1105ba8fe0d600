/** What a signed-in device is called in lists, read from its User-Agent. Pure. */

/** The first that fits: most browsers also name those that they want to be taken for. */
const BROWSERS: readonly [RegExp, string][] = [
  [/\bEdg(?:A|iOS)?\//, "Edge"],
  [/\b(?:OPR|OPT|OPX|Opera)\//, "Opera"],
  [/\bVivaldi\//, "Vivaldi"],
  [/\bYaBrowser\//, "Yandex Browser"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\bUCBrowser\//, "UC Browser"],
  [/\bHuaweiBrowser\//, "Huawei Browser"],
  [/\b(?:MiuiBrowser|XiaoMi)\//, "Mi Browser"],
  [/\bM?QQBrowser\//, "QQ Browser"],
  [/\bMicroMessenger\//, "WeChat"],
  [/\bDuckDuckGo\//, "DuckDuckGo"],
  [/\b(?:Firefox|FxiOS|Focus)\//, "Firefox"],
  [/\b(?:HeadlessChrome|Chromium|Chrome|CriOS)\//, "Chrome"],
  // What Safari itself always says, and programs that only name it do not.
  [/\bVersion\/[\d.]+ (?:Mobile\/\w+ )?Safari\//, "Safari"],
];

const SYSTEMS: readonly [RegExp, string][] = [
  [/\biPhone\b/, "iPhone"],
  [/\biPad\b/, "iPad"],
  [/\b(?:HarmonyOS|OpenHarmony)\b/, "HarmonyOS"],
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

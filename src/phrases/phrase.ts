/** Picks a phrase in the person's language and fills it in. */
import { en, type Phrases } from "./en.ts";
import { zh } from "./zh.ts";

export type Lang = "en" | "zh";

const TABLES: Record<Lang, Phrases> = { en, zh };

export function phrase(
  lang: Lang,
  name: keyof Phrases,
  values: Record<string, string | number> = {},
): string {
  return TABLES[lang][name].replace(/\{(\w+)\}/g, (whole, key: string) =>
    String(values[key] ?? whole),
  );
}

/** The language the assistant speaks to a person, from what the platform says of them (BCP 47). */
export function decideLang(tag: string | undefined): Lang {
  return tag?.toLowerCase().startsWith("zh") ? "zh" : "en";
}

/** What a person chooses for this browser: language and colours. Kept in localStorage, where the browser allows it. */
import { effect, signal } from "@preact/signals";
import {
  decideLanguage,
  type Language,
  type PhraseName,
  type PhraseValues,
  phraseIn,
} from "./phrases.ts";

export type Theme = "system" | "light" | "dark";

const LANGUAGE_KEY = "rockpool.language";
const THEME_KEY = "rockpool.theme";
const NEXT_THEME: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };

function readStored(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // storage is switched off
  }
}

function store(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Storage is switched off: the choice lasts as long as the page.
  }
}

function storedLanguage(): Language {
  const stored = readStored(LANGUAGE_KEY);
  return stored === "en" || stored === "zh" ? stored : decideLanguage(navigator.languages);
}

function storedTheme(): Theme {
  const stored = readStored(THEME_KEY);
  return stored === "light" || stored === "dark" ? stored : "system";
}

export const language = signal<Language>(storedLanguage());
export const theme = signal<Theme>(storedTheme());

/** The phrase in the person's language; a component that calls it follows a change of language. */
export function say(name: PhraseName, values?: PhraseValues): string {
  return phraseIn(language.value, name, values);
}

export function switchLanguage(): void {
  language.value = language.value === "en" ? "zh" : "en";
  store(LANGUAGE_KEY, language.value);
}

export function switchTheme(): void {
  theme.value = NEXT_THEME[theme.value];
  store(THEME_KEY, theme.value);
}

/** Keeps the document's own attributes in step. */
export function applyPreferences(root: HTMLElement): void {
  effect(() => {
    root.lang = language.value === "zh" ? "zh-CN" : "en";
  });
  effect(() => {
    root.dataset.theme = theme.value;
  });
}

/** The bar at the top: the name, and what belongs to this browser: language, colours, signing out. */
import { VIEW_PATHS } from "../core/console-views.ts";
import { clearChat } from "./chat/chat.ts";
import { DarkIcon, LightIcon, Logo, SettingsIcon, SignOutIcon, SystemIcon } from "./icons.tsx";
import type { PhraseName } from "./phrases.ts";
import { language, say, switchLanguage, switchTheme, type Theme, theme } from "./preferences.ts";
import { leaveSession, session } from "./session.ts";

const THEMES: Record<Theme, { Icon: typeof LightIcon; label: PhraseName }> = {
  system: { Icon: SystemIcon, label: "themeSystem" },
  light: { Icon: LightIcon, label: "themeLight" },
  dark: { Icon: DarkIcon, label: "themeDark" },
};

async function leave(): Promise<void> {
  await leaveSession();
  clearChat();
}

export function Header() {
  const { Icon, label } = THEMES[theme.value];
  return (
    <header class="bar">
      <h1 class="brand">
        <Logo />
        Rockpool
      </h1>
      <button
        type="button"
        class="icon-button text"
        onClick={switchLanguage}
        aria-label={say("switchLanguage")}
        title={say("switchLanguage")}
        lang={language.value === "en" ? "zh-CN" : "en"}
      >
        {language.value === "en" ? "中" : "EN"}
      </button>
      <button
        type="button"
        class="icon-button"
        onClick={switchTheme}
        aria-label={say(label)}
        title={say(label)}
      >
        <Icon />
      </button>
      {session.value.status === "signed_in" ? (
        <a
          class="icon-button"
          href={VIEW_PATHS.settings}
          aria-label={say("settings")}
          title={say("settings")}
        >
          <SettingsIcon />
        </a>
      ) : null}
      {session.value.status === "signed_in" ? (
        <button
          type="button"
          class="icon-button"
          // Where the server cannot be told, the cookie stays, and so does the page.
          onClick={() => void leave().catch(() => undefined)}
          aria-label={say("signOut")}
          title={say("signOut")}
        >
          <SignOutIcon />
        </button>
      ) : null}
    </header>
  );
}

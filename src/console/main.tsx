/** The page's entry: preferences, the owner link in the address, and the page itself. */
import { render } from "preact";
import { takeExportToken } from "./account/export.ts";
import { takeProviderAnswer } from "./account/provider.ts";
import { App } from "./app.tsx";
import { takeOwnerToken } from "./owner-link.ts";
import { applyPreferences } from "./preferences.ts";
import { openSession, wakeSession } from "./session.ts";
import "./style/main.css";

applyPreferences(document.documentElement);
takeProviderAnswer(location, history);
takeExportToken(location, history);
const root = document.getElementById("app");
if (root) render(<App />, root);
void openSession(takeOwnerToken(location, history));

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") wakeSession();
});

// A link that is opened where the page is open already changes nothing but the fragment.
addEventListener("hashchange", () => {
  takeExportToken(location, history);
  const token = takeOwnerToken(location, history);
  if (token !== undefined) void openSession(token);
});

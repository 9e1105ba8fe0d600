/** The person's copy of the own data, as the page takes it: by the link that it was opened with, or from the settings. */
import { signal } from "@preact/signals";
import { type ExportTicket, parseExportToken } from "../../core/own-export.ts";
import { call, callOnce, jsonBody, readJson } from "../api.ts";
import { toApiError } from "../api-error.ts";
import { say } from "../preferences.ts";
import { parseTicket } from "./schemas.ts";

/** Of the link; undefined once it was used, and where the page was opened without one. */
export const exportToken = signal<string | undefined>(undefined);
export const exportOutcome = signal<{ text: string; isTrouble: boolean } | undefined>(undefined);
export const isTaking = signal(false);

/** Takes the token out of the address bar at once: it must not stay in the history or be copied along. */
export function takeExportToken(location: Location, history: History): void {
  const token = parseExportToken(location.hash);
  if (token === undefined) return;
  history.replaceState(history.state, "", location.pathname + location.search);
  exportToken.value = token;
  exportOutcome.value = undefined;
}

/** By a form and not by a script's call, so that the browser saves what comes piece by piece. */
function download({ ticket }: ExportTicket): void {
  const form = document.createElement("form");
  form.method = "post";
  form.action = "/api/export/archive";
  form.hidden = true;
  const field = document.createElement("input");
  field.name = "ticket";
  field.value = ticket;
  form.append(field);
  document.body.append(form);
  form.submit();
  form.remove();
}

/** Throws ApiError. */
export async function takeOwnExport(): Promise<void> {
  download(await readJson(await call("/api/me/export", jsonBody("POST", {})), parseTicket));
}

/** A link that could not be tried stays as it is. */
export async function takeExportByLink(token: string): Promise<void> {
  if (isTaking.value) return;
  isTaking.value = true;
  try {
    const answer = await callOnce("/api/export", jsonBody("POST", { token }));
    download(await readJson(answer, parseTicket));
    exportToken.value = undefined;
    exportOutcome.value = { text: say("exportBegun"), isTrouble: false };
  } catch (error) {
    const { isTransient, problem } = toApiError(error);
    if (!isTransient) exportToken.value = undefined;
    const text = isTransient ? describeTrouble(problem?.detail) : say("exportBadLink");
    exportOutcome.value = { text, isTrouble: true };
  } finally {
    isTaking.value = false;
  }
}

function describeTrouble(detail: string | undefined): string {
  return detail === undefined ? say("serverAwayTitle") : say("exportLater");
}

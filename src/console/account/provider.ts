/** Signing in by the provider, and linking an account there: the page leaves, and comes back with an answer in its address. */
import { signal } from "@preact/signals";
import { RETURN_PATH, VIEW_PATHS } from "../../core/console-views.ts";
import { call, callOnce, jsonBody, readJson } from "../api.ts";
import { parseStart, parseWays } from "./schemas.ts";

export interface ProviderAnswer {
  purpose: "sign-in" | "link";
  /** Undefined where the provider gave none: the person thought better of it, or was refused there. */
  answer: { code: string; state: string; iss?: string } | undefined;
}

/** Host of the provider; undefined where there is none, and until that is known. */
export const provider = signal<string | undefined>(undefined);

/** What came back, until it is used: once. */
const returned = signal<ProviderAnswer | undefined>(undefined);

/** What came back for this purpose; undefined for none. The next call answers none. */
export function takeReturned(purpose: ProviderAnswer["purpose"]): ProviderAnswer | undefined {
  const found = returned.peek();
  if (found?.purpose !== purpose) return undefined;
  returned.value = undefined;
  return found;
}

/** Undefined for an address that no provider sent the browser to. */
export function parseProviderAnswer(pathname: string, search: string): ProviderAnswer | undefined {
  if (pathname !== RETURN_PATH) return undefined;
  const query = new URLSearchParams(search);
  const [state, code, iss] = [query.get("state") ?? "", query.get("code"), query.get("iss")];
  const purpose = state.startsWith("link.") ? "link" : "sign-in";
  if (code === null) return { purpose, answer: undefined };
  return { purpose, answer: { code, state, ...(iss === null ? {} : { iss }) } };
}

/** Takes it out of the address bar at once, and shows the view that it belongs to. */
export function takeProviderAnswer(location: Location, history: History): void {
  const taken = parseProviderAnswer(location.pathname, location.search);
  if (!taken) return;
  returned.value = taken;
  const path = taken.purpose === "link" ? VIEW_PATHS.settings : VIEW_PATHS.chat;
  history.replaceState(history.state, "", path);
}

export async function loadProvider(): Promise<void> {
  const ways = await readJson(await callOnce("/api/sign-in/ways", {}), parseWays);
  provider.value = ways.provider;
}

async function leave(asked: Promise<Response>): Promise<void> {
  const { location: there } = await readJson(await asked, parseStart);
  location.assign(there);
}

export function leaveToSignIn(): Promise<void> {
  return leave(callOnce("/api/sign-in/oidc/start", jsonBody("POST", {})));
}

export function leaveToLink(): Promise<void> {
  return leave(call("/api/me/oidc/start", jsonBody("POST", {})));
}

export async function signInByProvider(answer: ProviderAnswer["answer"]): Promise<void> {
  await callOnce("/api/sign-in/oidc", jsonBody("POST", answer));
}

export async function linkProvider(answer: ProviderAnswer["answer"]): Promise<void> {
  await call("/api/me/oidc", jsonBody("POST", answer));
}

export async function unlinkProvider(): Promise<void> {
  await call("/api/me/oidc", { method: "DELETE" });
}

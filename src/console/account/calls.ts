/** The calls of the page about signing in: by password and passkey, and what one signs in with. Each throws ApiError. */
import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from "@simplewebauthn/browser";
import type { Credentials, DeviceSummary } from "../../core/sign-in-protocol.ts";
import { call, callOnce, jsonBody, readJson } from "../api.ts";
import { parseCredentials, parseDevices } from "./schemas.ts";

export async function signInByPassword(name: string, password: string): Promise<void> {
  await callOnce("/api/sign-in/password", jsonBody("POST", { name, password }));
}

/** Resolves to undefined where the person thought better of it, or has no passkey for this box. */
export async function signInByPasskey(): Promise<true | undefined> {
  const asked = await callOnce("/api/sign-in/passkey/options", jsonBody("POST", {}));
  const { startAuthentication } = await import("@simplewebauthn/browser");
  // The server's own options: the browser looks at each field of them.
  const optionsJSON = (await asked.json()) as PublicKeyCredentialRequestOptionsJSON;
  const answer = await startAuthentication({ optionsJSON }).catch(() => undefined);
  if (!answer) return undefined;
  await callOnce("/api/sign-in/passkey", jsonBody("POST", answer));
  return true;
}

export async function loadDevices(): Promise<DeviceSummary[]> {
  return readJson(await call("/api/me/devices"), parseDevices);
}

export async function endDevice(id: string): Promise<void> {
  await call(`/api/me/devices/${encodeURIComponent(id)}`, { method: "DELETE" });
}

export async function endOtherDevices(): Promise<void> {
  await call("/api/me/devices", { method: "DELETE" });
}

export async function loadCredentials(): Promise<Credentials> {
  return readJson(await call("/api/me/credentials"), parseCredentials);
}

export async function setPassword(name: string, password: string): Promise<void> {
  await call("/api/me/password", jsonBody("PUT", { name, password }));
}

export async function removePassword(): Promise<void> {
  await call("/api/me/password", { method: "DELETE" });
}

/** Resolves to undefined where the person thought better of it, or this device has one already. */
export async function addPasskey(): Promise<true | undefined> {
  const asked = await call("/api/me/passkeys/options", jsonBody("POST", {}));
  const { startRegistration } = await import("@simplewebauthn/browser");
  const optionsJSON = (await asked.json()) as PublicKeyCredentialCreationOptionsJSON; // as above
  const response = await startRegistration({ optionsJSON }).catch(() => undefined);
  if (!response) return undefined;
  await call("/api/me/passkeys", jsonBody("POST", { response }));
  return true;
}

export async function removePasskey(id: string): Promise<void> {
  await call(`/api/me/passkeys/${encodeURIComponent(id)}`, { method: "DELETE" });
}

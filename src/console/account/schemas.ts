/** What the server says of devices and passkeys, as schemas. */
import * as v from "valibot";
import type { ExportTicket } from "../../core/own-export.ts";
import {
  type Credentials,
  type DeviceSummary,
  type ProviderStart,
  SIGN_IN_METHODS,
  type SignInWays,
} from "../../core/sign-in-protocol.ts";

const devicesSchema = v.array(
  v.object({
    id: v.string(),
    name: v.string(),
    method: v.picklist(SIGN_IN_METHODS),
    signedInAtMs: v.number(),
    lastSeenAtMs: v.number(),
    isThis: v.boolean(),
  }),
);

const credentialsSchema = v.object({
  name: v.exactOptional(v.string()),
  passkeys: v.array(
    v.object({
      id: v.string(),
      name: v.string(),
      host: v.string(),
      createdAtMs: v.number(),
      usedAtMs: v.exactOptional(v.number()),
    }),
  ),
  linkedAtMs: v.exactOptional(v.number()),
  canChange: v.boolean(),
});

const ticketSchema = v.object({ ticket: v.pipe(v.string(), v.regex(/^[\w-]{1,128}$/)) });
const waysSchema = v.object({ provider: v.exactOptional(v.string()) });
const startSchema = v.object({ location: v.pipe(v.string(), v.url(), v.regex(/^https?:/)) });

/** Throws ValiError for anything else. */
export function parseDevices(value: unknown): DeviceSummary[] {
  return v.parse(devicesSchema, value);
}

export function parseCredentials(value: unknown): Credentials {
  return v.parse(credentialsSchema, value);
}

export function parseTicket(value: unknown): ExportTicket {
  return v.parse(ticketSchema, value);
}

export function parseWays(value: unknown): SignInWays {
  return v.parse(waysSchema, value);
}

export function parseStart(value: unknown): ProviderStart {
  return v.parse(startSchema, value);
}

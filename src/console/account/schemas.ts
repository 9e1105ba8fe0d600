/** What the server says of devices and passkeys, as schemas. */
import * as v from "valibot";
import {
  type Credentials,
  type DeviceSummary,
  SIGN_IN_METHODS,
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
  canChange: v.boolean(),
});

/** Throws ValiError for anything else. */
export function parseDevices(value: unknown): DeviceSummary[] {
  return v.parse(devicesSchema, value);
}

export function parseCredentials(value: unknown): Credentials {
  return v.parse(credentialsSchema, value);
}

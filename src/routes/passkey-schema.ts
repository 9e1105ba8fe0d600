/** What a browser answers for a passkey: bounded texts in the forms that WebAuthn's JSON has. The signature is looked at later. */
import * as v from "valibot";

export const MAX_PASSKEY_BODY_BYTES = 32 * 1024;

const base64Url = v.pipe(v.string(), v.regex(/^[\w-]{1,16384}$/));
const common = {
  id: v.pipe(v.string(), v.regex(/^[\w-]{1,1400}$/)),
  rawId: base64Url,
  type: v.literal("public-key"),
  clientExtensionResults: v.record(v.string(), v.unknown()),
  authenticatorAttachment: v.optional(v.string()),
};

export const newPasskeySchema = v.object({
  ...common,
  response: v.object({ clientDataJSON: base64Url, attestationObject: base64Url }),
});

export const passkeySchema = v.object({
  ...common,
  response: v.object({
    clientDataJSON: base64Url,
    authenticatorData: base64Url,
    signature: base64Url,
    userHandle: v.optional(base64Url),
  }),
});

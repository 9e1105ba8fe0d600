/** The options of signing in by an OpenID Connect provider: part of the one table in options.ts. */
import { option } from "./option.ts";

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;
const MAX_ISSUER_UNITS = 500;

/** Empty for none. As it was written: a provider's tokens name it to the letter. */
export function parseIssuer(text: string): string {
  if (text === "") return "";
  const url = URL.canParse(text) && text.length <= MAX_ISSUER_UNITS ? new URL(text) : undefined;
  const isPlain = url && !url.username && !url.password && !/[?#\s]/.test(text);
  const isSafe = url?.protocol === "https:" || (url && LOOPBACK.test(url.hostname));
  if (!isPlain || !isSafe || !/^https?:$/.test(url.protocol))
    throw new Error("an https address without credentials, query and fragment is expected");
  return text;
}

/** Empty for none. */
function parseClientId(text: string): string {
  if (!/^[\x21-\x7e]{0,200}$/.test(text))
    throw new Error("the client's id at the provider is expected");
  return text;
}

export const OIDC_OPTIONS = {
  ROCKPOOL_OIDC_ISSUER: option({
    parse: parseIssuer,
    default: "",
    defaultDoc: "none",
    worker: true,
    doc: "Issuer of an OpenID Connect provider, as its tokens name it: people can then sign in to the web chat by it, once they have linked their account in the settings. https only, but for this machine. It becomes an address that the server may reach. See docs/operations.md#sign-in-by-a-provider.",
  }),
  ROCKPOOL_OIDC_CLIENT_ID: option({
    parse: parseClientId,
    default: "",
    defaultDoc: "none",
    worker: true,
    doc: "What that provider calls this box: the id of the client that was registered there. Its secret, where it has one, stands in the file `oidc-secret` of the data folder.",
  }),
} as const;

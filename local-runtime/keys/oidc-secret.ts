/**
 * The secret of this box at its OpenID Connect provider: `<data>/oidc-secret`, one line, readable by its owner only.
 * workerd embeds it into the Worker by itself, so that no config, no command line and no environment holds it.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import type { Options } from "../../src/config/options.ts";
import { type DataFolder, explainFileErrors } from "../data-folder.ts";
import { EXIT, HostError } from "../host-error.ts";

const SECRET = /^[\x20-\x7e]{1,1000}$/;

/** The file by the name of its binding; none for a public client. Throws oidc/*; the secret is part of no error. */
export function findOidcSecret(folder: DataFolder, options: Options): Record<string, string> {
  const { ROCKPOOL_OIDC_ISSUER: issuer, ROCKPOOL_OIDC_CLIENT_ID: clientId } = options;
  if (issuer === "") return {};
  if (clientId === "")
    throw new HostError({
      code: "oidc/no_client",
      message: "ROCKPOOL_OIDC_ISSUER is set, and ROCKPOOL_OIDC_CLIENT_ID is not.",
      fix: "Set it to the id that the provider gave this box, or remove the issuer.",
      exitStatus: EXIT.config,
    });
  return explainFileErrors(folder.root, () => {
    const path = folder.oidcSecret;
    if (!existsSync(path)) return {};
    verifySecret(path);
    return { OIDC_SECRET: path };
  });
}

function verifySecret(path: string): void {
  if ((statSync(path).mode & 0o077) !== 0)
    throw new HostError({
      code: "oidc/secret_exposed",
      message: `The file ${path} can be read by other users of this machine.`,
      fix: `Take that away: chmod 600 ${path}. Where others may have read it, get a new secret.`,
      exitStatus: EXIT.config,
    });
  if (SECRET.test(readFileSync(path, "utf8").trim())) return;
  throw new HostError({
    code: "oidc/secret_malformed",
    message: `The file ${path} does not hold a secret.`,
    fix: "Write the client's secret into it as its only line, or remove it.",
    exitStatus: EXIT.config,
  });
}

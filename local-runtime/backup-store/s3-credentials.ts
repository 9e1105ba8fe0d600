/** The credentials of an S3-compatible store: a file of two lines that only its owner can read. None is part of an error. */
import { readFileSync, statSync } from "node:fs";
import { EXIT, HostError, systemCode } from "../host-error.ts";

export interface S3Credentials {
  accessKeyId: string;
  secretAccessKey: string;
}

const LINE = /^[\x21-\x7e]{1,500}$/;

/** Throws store/no_credentials, store/credentials_exposed and store/credentials_malformed. */
export function loadS3Credentials(path: string | undefined): S3Credentials {
  if (path === undefined)
    throw failure("no_credentials", "No credentials for the S3 store are named.");
  const [accessKeyId = "", secretAccessKey = "", ...rest] = readPrivate(path).trim().split(/\s+/);
  if (!LINE.test(accessKeyId) || !LINE.test(secretAccessKey) || rest.length > 0)
    throw failure(
      "credentials_malformed",
      `The file ${path} does not hold an access key id and a secret.`,
    );
  return { accessKeyId, secretAccessKey };
}

function readPrivate(path: string): string {
  try {
    if ((statSync(path).mode & 0o077) === 0) return readFileSync(path, "utf8");
  } catch (error) {
    throw failure(
      "no_credentials",
      `The credentials of the S3 store cannot be read from ${path} (${systemCode(error)}).`,
    );
  }
  throw failure(
    "credentials_exposed",
    `The file ${path} can be read by other users of this machine.`,
    `Take that away: chmod 600 ${path}. Where others may have read it, make a new key.`,
  );
}

function failure(
  code: string,
  message: string,
  fix = "Write the access key id and the secret, one line each, into a file of mode 600, and name it in ROCKPOOL_BACKUP_S3_KEY.",
): HostError {
  return new HostError({ code: `store/${code}`, message, fix, exitStatus: EXIT.config });
}

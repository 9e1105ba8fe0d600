/** Where the admin socket of a data folder is: inside it, or in a short private folder where its path would be too long. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { DataFolder } from "../data-folder.ts";

/** What every system takes: macOS 103 bytes, Linux 107. */
export const MAX_SOCKET_PATH_BYTES = 103;
const SOCKET_NAME = "admin.sock";

export interface AdminSocketPlace {
  path: string;
  /** Takes away the socket, and the folder that was made for it. */
  remove(): void;
}

export function placeAdminSocket(folder: DataFolder): AdminSocketPlace {
  const usual = join(folder.run, SOCKET_NAME);
  if (Buffer.byteLength(usual) <= MAX_SOCKET_PATH_BYTES)
    return { path: usual, remove: () => rmSync(usual, { force: true }) };
  const base = Buffer.byteLength(tmpdir()) > MAX_SOCKET_PATH_BYTES / 2 ? "/tmp" : tmpdir();
  // mkdtemp makes a folder that only this user can enter, under a name that nobody can have prepared.
  const path = join(mkdtempSync(join(base, "rockpool-")), SOCKET_NAME);
  return { path, remove: () => rmSync(dirname(path), { recursive: true, force: true }) };
}

/**
 * Where encrypted backups lie: a few kinds of small objects under plain names, in a folder or at an S3-compatible server.
 * Nothing in a store is of use without the recovery key, and nothing in it is trusted before it was proved.
 */
import { EXIT, HostError } from "../host-error.ts";

export interface StoredObject {
  name: string;
  sizeBytes: number;
  modifiedAtMs: number;
}

/** Names are lower-case words with `/` between: see {@link OBJECT_NAME}. All calls throw store/*. */
export interface BackupStore {
  /** As people name it; holds no secret. */
  readonly place: string;
  /** All objects whose name begins with this folder and a slash, in no order. At most {@link MAX_OBJECTS}. */
  list(folder: string): Promise<StoredObject[]>;
  /** Throws store/missing, and store/damaged where it is larger. */
  read(name: string, maxBytes: number): Promise<Buffer>;
  /** Whole or not at all; replaces what is there. On return it is kept. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** Nothing happens where there is none. */
  remove(name: string): Promise<void>;
}

/** What an object may be called; what is named otherwise in a store is not ours. */
export const OBJECT_NAME = /^(?:[a-z0-9][a-zA-Z0-9-]*\/)?[a-z0-9][a-zA-Z0-9.-]*$/;
/** Packs of some eight terabytes. */
export const MAX_OBJECTS = 1_000_000;

export function missing(store: string, name: string): HostError {
  return new HostError({
    code: "store/missing",
    message: `The backup store ${store} has no ${name}.`,
    fix: "Look at the store: something was removed from it. `npx rockpool backup verify` lists all that is wrong.",
  });
}

export function damagedObject(store: string, name: string, what: string): HostError {
  return new HostError({
    code: "store/damaged",
    message: `${name} in the backup store ${store} is damaged or was changed: ${what}.`,
    fix: "Use another backup of the store (`npx rockpool backup list`); nothing was replaced.",
  });
}

export function unavailable(store: string, what: string, cause?: unknown): HostError {
  return new HostError({
    code: "store/unavailable",
    message: `The backup store ${store} cannot be used: ${what}.`,
    fix: "Check that it is there (mounted, reachable), that this user may write to it and that it has room, then run this again.",
    exitStatus: EXIT.temporary,
    cause,
  });
}

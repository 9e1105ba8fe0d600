/** The options of backups into a store: part of the one table in options.ts. */
import { parsePlace } from "./backup-place.ts";
import { parseKeepRule, parseTimeOfDay } from "./backup-rule.ts";
import { option } from "./option.ts";

/** Empty for none. */
function backupPlace(text: string): string {
  if (text !== "") parsePlace(text);
  return text;
}

function keepRule(text: string): string {
  parseKeepRule(text);
  return text;
}

function fileName(text: string): string {
  if (text.includes("\0")) throw new Error("the path of a file is expected");
  return text;
}

export const BACKUP_OPTIONS = {
  ROCKPOOL_BACKUP_TO: option({
    parse: backupPlace,
    default: "",
    defaultDoc: "none",
    worker: false,
    doc: "Where encrypted backups go, once a day: a folder that exists (of another disk, or mounted), or `s3+https://host/bucket/prefix?region=name`. Needs a recovery key: `npx rockpool backup key`. See docs/operations.md#backup-and-restore.",
  }),
  ROCKPOOL_BACKUP_S3_KEY: option({
    parse: fileName,
    default: "",
    defaultDoc: "none",
    worker: false,
    doc: "File with the access key id and the secret of an S3-compatible backup store, a line each, readable by its owner only. A relative path counts from the project's folder.",
  }),
  ROCKPOOL_BACKUP_AT: option({
    parse: parseTimeOfDay,
    default: "03:30",
    worker: false,
    doc: "Time of the day, in ROCKPOOL_TIME_ZONE, at which a running server checks its databases, and backs them up where ROCKPOOL_BACKUP_TO is set. A time that was missed is made up for. `off`: neither.",
  }),
  ROCKPOOL_BACKUP_KEEP: option({
    parse: keepRule,
    default: "7d,4w,6m",
    worker: false,
    doc: "Backups that stay in the store: the newest of each of so many days, weeks and months that have one. Those of the last 24 hours stay, and the newest of all.",
  }),
} as const;

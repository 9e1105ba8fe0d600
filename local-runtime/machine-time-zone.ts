/**
 * The time zone of this machine, by the link that names it. The runtime would say it too, and keep its tables of the
 * world's zones in memory for it: some 8 MB.
 */
import { readlinkSync } from "node:fs";

const LOCAL_TIME = "/etc/localtime";

/** Undefined where the machine says it in another way; the runtime's answer is good then. */
export function machineTimeZone(
  env: Readonly<Record<string, string | undefined>> = process.env,
  link: string = LOCAL_TIME,
): string | undefined {
  if (env.TZ !== undefined) return undefined;
  try {
    const zone = /\/zoneinfo\/([A-Z][a-z]+\/[A-Za-z_/-]+)$/.exec(readlinkSync(link))?.[1];
    return zone === "Etc/UTC" ? "UTC" : zone;
  } catch {
    return undefined; // a copy of the zone's file, or nothing
  }
}

/** A person's copy of the own data, taken by a link or from the page: asked for, made while it is read, and counted meanwhile. */
import { AppError } from "../../core/errors.ts";
import type { PersonId } from "../../core/ids.ts";
import type { Env } from "../../env.ts";
import { type RunningExport, RunningExports } from "../../limits/running-exports.ts";
import { verifyAllowed } from "../../security/permissions.ts";
import { openCredentials } from "../credentials/credentials-client.ts";
import type { AskedExport } from "../credentials/export-links.ts";
import { openDirectory } from "../directory/directory-client.ts";
import { exportPerson } from "./export-person.ts";
import { findExportable } from "./find-exportable.ts";

const running = new RunningExports();

/** The token of a link or ticket. Throws export/busy while the person's last copy is still read, export/too_many. */
export async function askOwnExport(env: Env, asked: Omit<AskedExport, "hash">): Promise<string> {
  if (running.has(asked.personId, Date.now())) throw new AppError("export/busy");
  const token = await openCredentials(env).askExport(asked);
  if (token === undefined) throw new AppError("export/too_many");
  return token;
}

/** A ticket for a link. Throws export/bad_link, export/busy: then the link is as good as before. */
export async function exchangeExportLink(env: Env, token: string): Promise<string> {
  if (!running.hasRoom(Date.now())) throw new AppError("export/busy");
  const ticket = await openCredentials(env).exchangeExportLink(token);
  if (ticket === undefined) throw new AppError("export/bad_link");
  return ticket;
}

/** The archive that a ticket is for. Throws export/*, permission/denied, audit/unavailable before the first byte. */
export async function openOwnExport(
  env: Env,
  ticket: string,
  ip: string | null,
): Promise<AsyncGenerator<Uint8Array>> {
  if (!running.hasRoom(Date.now())) throw new AppError("export/busy");
  const personId = await openCredentials(env).takeExportTicket(ticket);
  const person = personId && (await openDirectory(env).person(personId));
  if (!person) throw new AppError("export/bad_link");
  verifyAllowed(person.role, "data:own");
  return countWhileRead(env, person.id, ip);
}

async function countWhileRead(
  env: Env,
  personId: PersonId,
  ip: string | null,
): Promise<AsyncGenerator<Uint8Array>> {
  const begun = running.begin(personId, Date.now());
  try {
    const person = await findExportable(env, personId);
    return readOn(await exportPerson(env, person, { userId: personId, ip }), begun);
  } catch (error) {
    running.end(begun);
    throw error;
  }
}

async function* readOn(archive: AsyncGenerator<Uint8Array>, begun: RunningExport) {
  try {
    for await (const chunk of archive) {
      running.read(begun, Date.now());
      yield chunk;
    }
  } finally {
    running.end(begun);
  }
}

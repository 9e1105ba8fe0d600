/** A person's export inside workerd, as a test reads it. */
import type { PersonId } from "../../src/core/ids.ts";
import { openDirectory } from "../../src/do/directory/directory-client.ts";
import { exportPerson } from "../../src/do/person-data/export-person.ts";
import { findExportable } from "../../src/do/person-data/find-exportable.ts";
import { letIn } from "./directory.ts";
import { env } from "./integration.ts";
import { until } from "./scripted-model.ts";
import { tarTexts } from "./tar-texts.ts";

/** At the account main of Telegram, which is there. */
export async function createMember(sender: string) {
  const personId = await letIn(openDirectory(env), sender);
  return { personId, role: "member" as const, name: `Name of ${sender}`, lang: "en" as const };
}

export async function untilLogged(personId: PersonId, messages: number): Promise<void> {
  const query = "SELECT count(*) AS n FROM messages WHERE person_id = ?";
  await until(async () => (await env.DB.prepare(query).bind(personId).first("n")) === messages);
}

/** The files of an archive, as text. */
export async function exportTexts(idOrName: string): Promise<Map<string, string>> {
  const chunks: Uint8Array[] = [];
  const nobody = { userId: null, ip: null };
  const person = await findExportable(env, idOrName);
  for await (const chunk of await exportPerson(env, person, nobody)) chunks.push(chunk);
  return tarTexts(new Uint8Array(await new Blob(chunks).arrayBuffer()));
}

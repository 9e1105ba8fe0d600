/** What happens to the keys of people: two who turn out to be one, and one who is erased. */
import type { PersonId } from "../../core/ids.ts";
import type { Env } from "../../env.ts";
import { openKeyring } from "../isolate.ts";
import { openVault } from "./vault-client.ts";

/** The keys of one go with the other from now on. Running it twice changes nothing. */
export async function joinPersonKeys(
  env: Env,
  { from, into }: { from: PersonId; into: PersonId },
): Promise<void> {
  if (from === into) return;
  await openVault(env).join(from, into);
  (await openKeyring(env)).renew();
}

/** Whatever is sealed for this person opens no more. Durable when it returns; running it twice changes nothing. */
export async function destroyPersonKey(env: Env, personId: PersonId): Promise<void> {
  await (await openKeyring(env)).destroyPersonKey(personId);
}

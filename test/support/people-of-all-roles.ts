/** One person of each role in the real directory of the tests' box, signed in, and with an API key. */
import { API_SCOPES } from "../../src/core/api-keys.ts";
import { accountKey, type PersonId } from "../../src/core/ids.ts";
import { ROLES, type Role } from "../../src/core/roles.ts";
import { forgetDirectory, openDirectory } from "../../src/do/directory/directory-client.ts";
import { CookieBrowser } from "./cookie-browser.ts";
import { ask, createAccount } from "./directory.ts";
import { env } from "./integration.ts";

export interface RolePerson {
  role: Role;
  personId: PersonId;
  browser: CookieBrowser;
  apiKey: string;
}

const ACCOUNT = accountKey("telegram", "roles");

async function createPerson(role: Role): Promise<RolePerson> {
  const directory = openDirectory(env);
  const sender = `${role}-${crypto.randomUUID()}`;
  const admission = await directory.admit(ask(sender, { account: ACCOUNT }));
  if (admission.status !== "admitted") throw new Error(`${sender} was ${admission.status}`);
  const { personId } = admission.speaker;
  await directory.changePerson(personId, { what: "role", role }, "owner");
  forgetDirectory();
  const { token } = await directory.createOwnerLink(undefined, personId);
  const browser = new CookieBrowser();
  const signedIn = await browser.post("/api/sign-in", { token });
  if (signedIn.status !== 204) throw new Error(await signedIn.text());
  const scopes = [...API_SCOPES];
  const name = `key-${crypto.randomUUID().slice(0, 8)}`;
  const { key: apiKey } = await directory.createApiKey({ name, scopes, person: personId });
  return { role, personId, browser, apiKey };
}

export async function createPeopleOfAllRoles(): Promise<RolePerson[]> {
  const account = createAccount({ key: ACCOUNT, name: "roles", access: "open" });
  await openDirectory(env).addAccount(account, []);
  const people: RolePerson[] = [];
  for (const role of ROLES) people.push(await createPerson(role));
  return people;
}

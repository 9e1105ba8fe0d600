/** The two sides of a hand-over, inside workerd: who came for help, and who answers. */
import type { HandoverSummary } from "../../src/core/handover.ts";
import type { PersonId } from "../../src/core/ids.ts";
import type { Role } from "../../src/core/roles.ts";
import { forgetDirectory, openDirectory } from "../../src/do/directory/directory-client.ts";
import { parseDefinition } from "../../src/flows/definition.ts";
import { env } from "./integration.ts";
import { createPeopleOfAllRoles } from "./people-of-all-roles.ts";
import { until } from "./scripted-model.ts";
import { Talk } from "./talk.ts";

const both = (text: string) => ({ en: text, zh: `中${text}` });
const help = {
  flow: "help",
  title: both("Help"),
  phrases: ["a person please"],
  start: "what",
  states: {
    what: { ask: both("What is it?"), label: both("It"), accept: { type: "text" }, next: "end" },
    end: { end: "person", say: both("Somebody answers.") },
  },
};

/** The flow that leads to a person, and somebody of each role who might be that person. */
export async function openDesk(): Promise<ReadonlyMap<Role, PersonId>> {
  await openDirectory(env).putFlow(parseDefinition(help));
  const staff = await createPeopleOfAllRoles();
  const owner = await openDirectory(env).ensureOwner();
  forgetDirectory();
  return new Map([
    ...staff.map(({ role, personId }) => [role, personId] as const),
    ["owner", owner.id],
  ]);
}

export const Anna = { role: "guest", name: "An*na*" } as const;

/** Somebody who comes for help, in a conversation of his own. */
export class Customer extends Talk {
  readonly personId = crypto.randomUUID() as PersonId;

  write(text: string) {
    return this.sayAs({ ...Anna, personId: this.personId }, text);
  }

  async hears(text: string): Promise<string> {
    const reply = await this.replyTo(await this.write(text));
    return reply.status === "answered" ? reply.text : reply.status;
  }

  async isHandedOver(): Promise<number> {
    await this.hears("a person please");
    await this.hears("The roof leaks.");
    await until(async () => (await this.numbers()).length === 1);
    return Number((await this.numbers())[0]);
  }

  async numbers() {
    const rows = await this.sql("SELECT number FROM handovers WHERE number IS NOT NULL");
    return rows.map(({ number }) => number);
  }

  async heard(text: string): Promise<void> {
    await until(async () => (await this.texts()).includes(text));
  }
}

/** Somebody who answers, in his own web chat. */
export class Agent extends Talk {
  readonly role: Role;
  readonly personId: PersonId;

  constructor(staff: ReadonlyMap<Role, PersonId>, role: Role) {
    const personId = staff.get(role);
    if (personId === undefined) throw new Error(`no ${role}`);
    super(personId);
    this.role = role;
    this.personId = personId;
  }

  async does(text: string): Promise<string> {
    const { personId, role } = this;
    const asked = await this.sayAs({ personId, role, name: "Ben" }, text);
    const reply = await this.replyTo(asked);
    return reply.status === "answered" ? reply.text : reply.status;
  }

  async isTold(text: string): Promise<void> {
    await until(async () => (await this.texts()).some((one) => one.includes(text)));
  }
}

/** As the directory lists it, while it is open. */
export async function findListed(number: number): Promise<HandoverSummary | undefined> {
  const all = await openDirectory(env).handovers();
  return all.find((one) => one.number === number);
}

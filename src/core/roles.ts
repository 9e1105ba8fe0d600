/** The roles of people, and the closed list of what may be allowed to them. Who may do what: security/permissions.ts. */

/** From the strongest to the weakest. */
export const ROLES = ["owner", "admin", "operator", "auditor", "member", "guest"] as const;

export type Role = (typeof ROLES)[number];

/** `area:verb`, with what it lets a person do. */
export const PERMISSIONS = {
  "chat:use": "write to the assistant, and read one's own conversations",
  "chat:erase": "erase a conversation",
  "chat:link": "use one conversation from two messengers",
  "api:chat": "chat by API key",
  "api:embed": "have texts made into vectors by API key",
  "model:read": "see which models there are",
  "model:choose": "choose the model of a conversation",
  "model:test": "measure how well a model calls tools",
  "memory:use": "have things remembered, see them and erase them",
  "reminder:use": "set, see and cancel reminders",
  "file:send": "send files",
  "web:fetch": "have web pages read, where the box does that",
  "flow:use": "begin dialogue flows",
  "flow:read": "see the flows and their definitions",
  "flow:write": "add, change and remove flows",
  "handover:answer": "see who was handed over to a person, and answer them",
  "data:own": "take a copy of everything that the box has of oneself",
  "session:own": "see and end one's own sign-ins",
  "session:manage": "make links that sign people in, see and end everybody's sign-ins",
  "status:read": "see how the box fares",
  "account:read": "see the accounts of messengers",
  "account:write": "add, try and remove accounts of messengers",
  "pairing:read": "see who asks to be let in",
  "pairing:decide": "let people in, or turn them away",
  "person:read": "see the people, their roles and limits",
  "person:write": "change roles, grants and limits, and remove people",
  "person:export": "export everything of a person",
  "person:erase": "erase a person",
  "apikey:read": "see the API keys",
  "apikey:write": "make and revoke API keys",
  "audit:read": "read and verify the audit log",
  "audit:export": "export the audit log",
  "key:read": "see how old the keys of the sealed data are",
  "key:rotate": "rotate the keys of the sealed data",
  "backup:read": "see the backups and the state of the files",
  "backup:write": "make and prune backups",
  "owner:enrol": "make a link that signs the owner in",
  "owner:speak": "speak to the assistant as the owner, in the terminal",
  "host:report": "report for the host: only the box's own program does",
} as const satisfies Record<string, string>;

export type Permission = keyof typeof PERMISSIONS;

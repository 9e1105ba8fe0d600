/** What routes and sessions ask of the DirectoryObject. Plain, serialisable values: they cross an object call. */
import type { AccountKey, PersonId, SessionKey } from "./ids.ts";
import type { Conversation, Sender, Target } from "./message.ts";
import type { PersonAccess } from "./person-access.ts";
import type { Role } from "./roles.ts";
import type { Speaker } from "./session-protocol.ts";

export interface AdmitRequest {
  account: AccountKey;
  sender: Sender;
  conversation: Conversation;
  mentionsMe: boolean;
  target: Target;
}

export type Admission =
  | { status: "admitted"; speaker: Speaker }
  /** The stranger may be told the code; `notify` is false when he was told a moment ago. */
  | { status: "pairing"; code: string; lang: "en" | "zh"; notify: boolean }
  /** Known, and not granted this channel. */
  | { status: "refused"; speaker: Speaker }
  /** Say nothing. */
  | { status: "denied" };

export interface Person {
  id: PersonId;
  role: Role;
  name: string;
  lang: "en" | "zh";
  /** Absent where nothing was set for the person. */
  access?: PersonAccess;
}

export interface RedeemLink {
  code: string;
  /** The conversation that the code was typed into, and who typed it. */
  session: SessionKey;
  speaker: Speaker;
}

export type LinkRedeemed =
  /** What was `from`'s is `into`'s. */
  | {
      status: "linked";
      to: SessionKey;
      channel: string;
      joined: { from: PersonId; into: PersonId };
    }
  | { status: "bad_code" }
  | { status: "same_conversation" };

export interface DirectoryCounts {
  people: number;
  pendingPairings: number;
  ownerKnown: boolean;
  journalBacklog: number;
}

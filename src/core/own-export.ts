/** A person's copy of the own data, by a link or from the page: what conversation, page, routes and objects say to each other. */

/** From /export to the click. */
export const EXPORT_LINK_MS = 15 * 60_000;

/** Leads to the page; the token stands in the fragment, which no server and no maker of link previews is sent. */
export function renderExportLink(publicUrl: string, token: string): string {
  return `${publicUrl}/export#export=${token}`;
}

/** Undefined for a fragment that is no such link's. */
export function parseExportToken(hash: string): string | undefined {
  return /^#export=([\w-]{1,128})$/.exec(hash)?.[1];
}

/** What the click on a link or in the settings is answered: it begins one download, within a minute. */
export interface ExportTicket {
  ticket: string;
}

/** `owner_asked`: nobody can reach this box from outside, so the owner hands the copy over. */
export type OwnExportAsked =
  | { status: "made"; link: string }
  | { status: "too_many" | "busy" | "owner_asked" };

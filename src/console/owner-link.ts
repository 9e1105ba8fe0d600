/** The token of an owner link, which stands in the fragment: the part of an address that no server is sent. */

/** Undefined for a fragment that is no owner link's. */
export function parseOwnerToken(hash: string): string | undefined {
  return /^#owner=([\w-]{1,512})$/.exec(hash)?.[1];
}

/** Takes the token out of the address bar at once: it must not stay in the history or be copied along. */
export function takeOwnerToken(location: Location, history: History): string | undefined {
  const token = parseOwnerToken(location.hash);
  if (token !== undefined)
    history.replaceState(history.state, "", location.pathname + location.search);
  return token;
}

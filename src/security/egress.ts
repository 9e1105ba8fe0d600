/**
 * Outbound calls are capabilities: a URL is fetched through the binding that its origin was granted, or not at all.
 * Redirects are not followed, so that an allowed host cannot point at a forbidden one.
 */
import { AppError } from "../core/errors.ts";

/** The part of a service binding that this module uses. */
interface Outbound {
  fetch(request: Request): Promise<Response>;
}

export interface EgressSources {
  /** Reaches public addresses only; the runtime's own fetch where the host gives none (development, tests). */
  internet: Outbound | undefined;
  /** Origin → the one service that reaches it. */
  granted: ReadonlyMap<string, Outbound>;
  /** True where what was granted is all that may be reached. */
  isListedOnly?: boolean;
}

/** The origins of the EGRESS binding. */
export function listGrants(json: string | undefined): string[] {
  return Object.keys(parseGrants(json));
}

function parseGrants(json: string | undefined): Record<string, string> {
  return JSON.parse(json ?? "{}") as Record<string, string>; // the host's own config
}

/** Reads the EGRESS binding: JSON of origin → binding name. */
export function readGrants(
  json: string | undefined,
  binding: (name: string) => unknown,
): Map<string, Outbound> {
  const grants = new Map<string, Outbound>();
  for (const [origin, name] of Object.entries(parseGrants(json))) {
    const service = binding(name);
    if (service && typeof service === "object" && "fetch" in service)
      grants.set(origin, service as Outbound); // a service binding by the host's own config
  }
  return grants;
}

/**
 * A fetch that reaches `allowedOrigins` only. Throws egress/not_allowed for every other address, for URLs with
 * credentials, and for redirects.
 */
export function createEgressFetch(
  sources: EgressSources,
  allowedOrigins: readonly string[],
): typeof fetch {
  return async function egressFetch(input: RequestInfo | URL, init?: RequestInit) {
    const url = new URL(input instanceof Request ? input.url : input);
    if (url.username || url.password || !allowedOrigins.includes(url.origin))
      throw new AppError("egress/not_allowed", { detail: `The host ${url.host} is not allowed.` });
    const service = findService(sources, url);
    const request = new Request(input, { ...init, redirect: "manual" });
    const response = await (service ? service.fetch(request) : fetch(request));
    if (response.status < 300 || response.status >= 400 || !response.headers.has("location"))
      return response;
    await response.body?.cancel();
    throw new AppError("egress/not_allowed", {
      detail: `The host ${url.host} answered with a redirect.`,
    });
  };
}

/** Undefined where the host gives no network of its own: the runtime's own fetch stands in (development, tests). */
function findService(
  { granted, internet, isListedOnly }: EgressSources,
  url: URL,
): Outbound | undefined {
  const service = granted.get(url.origin);
  if (service || !isListedOnly) return service ?? internet;
  throw new AppError("egress/not_allowed", {
    detail: `The host ${url.host} is not in the list of what may be reached.`,
  });
}

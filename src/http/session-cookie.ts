/** The cookie of a signed-in page: set, cleared, and turned back into the person. */
import type { Context, MiddlewareHandler } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { AppError } from "../core/errors.ts";
import type { PersonId } from "../core/ids.ts";
import {
  createSessionToken,
  SESSION_SECONDS,
  verifySessionToken,
} from "../security/session-token.ts";
import type { HttpEnv } from "./middleware.ts";
import { isSecureCall } from "./secure-transport.ts";

const SESSION_COOKIE = "rockpool_session";

function isSecure(c: Context<HttpEnv>): boolean {
  return isSecureCall(new URL(c.req.url), c.env.ROCKPOOL_PUBLIC_URL);
}

export async function setSessionCookie(c: Context<HttpEnv>, personId: PersonId): Promise<void> {
  const token = await createSessionToken(c.env.COOKIE_KEY, personId, Date.now());
  setCookie(c, SESSION_COOKIE, token, {
    httpOnly: true,
    sameSite: "Strict",
    path: "/",
    secure: isSecure(c),
    maxAge: SESSION_SECONDS,
  });
}

export function clearSessionCookie(c: Context<HttpEnv>): void {
  deleteCookie(c, SESSION_COOKIE, { path: "/", secure: isSecure(c) });
}

/** Lets signed-in people pass, as `speaker`. Throws http/unauthorized, also for a person who is no longer known. */
export const requirePerson: MiddlewareHandler<HttpEnv> = async (c, next) => {
  const token = getCookie(c, SESSION_COOKIE);
  if (token === undefined) throw new AppError("http/unauthorized");
  const personId = await verifySessionToken(c.env.COOKIE_KEY, token, Date.now());
  const person = await c.env.DIRECTORY.getByName("directory").person(personId);
  if (!person) throw new AppError("http/unauthorized");
  const { role, name, lang } = person;
  c.set("speaker", { personId, role, name, lang });
  await next();
};

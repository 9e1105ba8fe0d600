/**
 * The cookies of a signed-in page. A short-lived one opens the page's calls; one that is sent to a single path renews
 * it; one names the device. Scripts read none of them, and other sites' pages make no browser send them.
 */
import type { Context, MiddlewareHandler } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { CookieOptions } from "hono/utils/cookie";
import { AppError } from "../core/errors.ts";
import type { IssuedSession, ShownTokens } from "../core/sign-in-protocol.ts";
import { noteAccessToken, verifyAccess } from "../do/credentials/credentials-client.ts";
import { ACCESS_SECONDS } from "../security/access-token.ts";
import { DEVICE_IDLE_MS } from "../security/refresh-token.ts";
import type { HttpEnv } from "./middleware.ts";
import { isSecureCall } from "./secure-transport.ts";

/** The only calls that the refresh token is sent with. */
const RENEWAL_PATH = "/api/session";
/** Signing in anew ends the device's session of before. */
const DEVICE_PATH = "/api";
const ACCESS_COOKIE = "rockpool_session";
const REFRESH_COOKIE = "rockpool_refresh";
const DEVICE_COOKIE = "rockpool_device";
/** Longer values are no token of ours. */
const MAX_TOKEN_UNITS = 200;

function isSecure(c: Context<HttpEnv>): boolean {
  return isSecureCall(new URL(c.req.url), c.env.ROCKPOOL_PUBLIC_URL);
}

function cookieOptions(c: Context<HttpEnv>, path: string, maxAge: number): CookieOptions {
  return { httpOnly: true, sameSite: "Strict", path, secure: isSecure(c), maxAge };
}

export function setSessionCookies(c: Context<HttpEnv>, issued: IssuedSession): void {
  const idleSeconds = DEVICE_IDLE_MS / 1000;
  noteAccessToken(issued.accessToken);
  setCookie(c, ACCESS_COOKIE, issued.accessToken, cookieOptions(c, "/", ACCESS_SECONDS));
  setCookie(c, REFRESH_COOKIE, issued.refreshToken, cookieOptions(c, RENEWAL_PATH, idleSeconds));
  setCookie(c, DEVICE_COOKIE, issued.deviceToken, cookieOptions(c, DEVICE_PATH, idleSeconds));
}

export function clearSessionCookies(c: Context<HttpEnv>): void {
  const secure = isSecure(c);
  deleteCookie(c, ACCESS_COOKIE, { path: "/", secure });
  deleteCookie(c, REFRESH_COOKIE, { path: RENEWAL_PATH, secure });
  deleteCookie(c, DEVICE_COOKIE, { path: DEVICE_PATH, secure });
}

/** What the device shows to renew its session; undefined where it shows nothing. */
export function readShownTokens(c: Context<HttpEnv>): ShownTokens | undefined {
  const refreshToken = getCookie(c, REFRESH_COOKIE);
  const deviceToken = readDeviceToken(c);
  if (refreshToken === undefined || refreshToken.length > MAX_TOKEN_UNITS) return undefined;
  return { refreshToken, ...(deviceToken === undefined ? {} : { deviceToken }) };
}

export function readDeviceToken(c: Context<HttpEnv>): string | undefined {
  const token = getCookie(c, DEVICE_COOKIE);
  return token !== undefined && token.length <= MAX_TOKEN_UNITS ? token : undefined;
}

/** Lets signed-in people pass, as `speaker`. Throws http/unauthorized, also for a session that has ended. */
export const requirePerson: MiddlewareHandler<HttpEnv> = async (c, next) => {
  const token = getCookie(c, ACCESS_COOKIE);
  if (token === undefined) throw new AppError("http/unauthorized");
  const signedIn = await verifyAccess(c.env, token);
  c.set("speaker", signedIn.speaker);
  c.set("signedIn", signedIn);
  await next();
};

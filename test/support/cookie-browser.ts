/** A browser for tests of routes: it keeps cookies and sends each to its own path, as the page's does. */
import { createExecutionContext } from "cloudflare:test";
import { publicApp } from "../../src/app.ts";
import { env } from "./integration.ts";

export const BOX_URL = "https://box.example";

interface Cookie {
  value: string;
  path: string;
}

export class CookieBrowser {
  readonly #cookies: Map<string, Cookie>;

  constructor(cookies: ReadonlyMap<string, Cookie> = new Map()) {
    this.#cookies = new Map(cookies);
  }

  /** Everything that somebody who copies the browser's data has. */
  copy(): CookieBrowser {
    return new CookieBrowser(this.#cookies);
  }

  get(name: string): string | undefined {
    return this.#cookies.get(name)?.value;
  }

  set(name: string, value: string): void {
    const cookie = this.#cookies.get(name);
    this.#cookies.set(name, { path: "/", ...cookie, value });
  }

  drop(name: string): void {
    this.#cookies.delete(name);
  }

  async call(path: string, init: RequestInit = {}): Promise<Response> {
    const cookie = [...this.#cookies]
      .filter(([, { path: under }]) => path.startsWith(under))
      .map(([name, { value }]) => `${name}=${value}`)
      .join("; ");
    const headers = new Headers(init.headers);
    headers.set("origin", BOX_URL);
    if (cookie !== "") headers.set("cookie", cookie);
    const request = new Request(BOX_URL + path, { ...init, headers });
    const response = await publicApp.fetch(request, env, createExecutionContext());
    for (const line of response.headers.getSetCookie()) this.#keep(line);
    return response;
  }

  post(path: string, body: unknown = {}, headers: Record<string, string> = {}): Promise<Response> {
    return this.call(path, { method: "POST", body: JSON.stringify(body), headers });
  }

  #keep(line: string): void {
    const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    const path = /; Path=([^;]+)/.exec(line)?.[1] ?? "/";
    if (/; Max-Age=0/.test(line)) this.#cookies.delete(name);
    else this.#cookies.set(name, { value, path });
  }
}

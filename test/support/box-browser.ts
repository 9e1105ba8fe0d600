/** A browser without a screen for a running box: it keeps cookies, and calls as the page does. */

export class BoxBrowser {
  readonly #url: string;
  readonly #cookies = new Map<string, string>();

  constructor(url: string) {
    this.#url = url;
  }

  async call(method: string, path: string, body?: unknown): Promise<Response> {
    const cookie = [...this.#cookies].map((pair) => pair.join("=")).join("; ");
    const response = await fetch(this.#url + path, {
      method,
      headers: { origin: this.#url, cookie },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      this.#cookies.set(name, value);
    }
    return response;
  }

  post(path: string, body: unknown = {}): Promise<Response> {
    return this.call("POST", path, body);
  }
}

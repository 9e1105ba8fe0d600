/** One call over TLS on a connection of its own, with what the connection agreed on. */
import { request } from "node:https";
import type { TLSSocket } from "node:tls";

export interface HttpsCall {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  /** PEM of the authority that is trusted. */
  ca: string;
  /** PEM of the caller's own certificate and key. */
  cert?: string;
  key?: string;
}

export interface HttpsAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  protocol: string | null;
  /** Serial number of the certificate that was shown. */
  serial: string;
}

/** Rejects where no connection comes about, as Node says it. */
export function callHttps(url: string, call: HttpsCall): Promise<HttpsAnswer> {
  const { body = "", ...options } = call;
  return new Promise((resolve, reject) => {
    const sent = request(url, { ...options, agent: false }, (response) => {
      const socket = response.socket as TLSSocket; // an https request's socket is one
      const protocol = socket.getProtocol();
      const serial = socket.getPeerCertificate().serialNumber;
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.once("end", () => {
        const { statusCode = 0, headers } = response;
        resolve({ status: statusCode, headers, text, protocol, serial });
      });
      response.once("error", reject);
    });
    sent.once("error", reject);
    sent.end(body);
  });
}

/** Paths as the log and the metrics name them. */

const API = ["chat", "embeddings", "models"];
const FIRST = [
  "webhooks",
  "healthz",
  "readyz",
  "metrics",
  "status",
  "host",
  "accounts",
  "api-keys",
  "audit",
  "keys",
  "pairings",
  "people",
  "say",
  "owner-link",
  "sign-ins",
];

/** The path without what differs from call to call: few enough for a metric's label. */
export function routeName(path: string): string {
  const [, first = "", second = ""] = path.split("/");
  if (first === "v1") return API.includes(second) ? `/v1/${second}` : "/v1";
  if (first === "api") return `/api/${second === "chat" ? "chat" : "session"}`;
  return FIRST.includes(first) ? `/${first}` : "/";
}

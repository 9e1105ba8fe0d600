/** Passwords, keys and tokens. */
import type { Detector } from "./detector.ts";

const TOKEN_PREFIXES =
  "whsec_|xox[a-z]-|sk-|rkp_|gh[opusr]_|github_pat_|glpat-|AIza|hf_|npm_|dop_v1_|SG\\.";

export const SECRETS: readonly Detector[] = [
  {
    kind: "secret",
    pattern:
      /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----\s{0,3}(?:[A-Za-z0-9+/=]{1,200}\s{0,3}){0,200}(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?/g,
    mask: "[secret]",
  },
  { kind: "secret", pattern: /\b\d{6,12}:[A-Za-z0-9_-]{30,50}/g, mask: "[token]" },
  {
    kind: "secret",
    pattern: new RegExp(`\\b(?:${TOKEN_PREFIXES})[A-Za-z0-9+/=_.-]{8,200}`, "g"),
    mask: "[secret]",
  },
  { kind: "secret", pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, mask: "[secret]" },
  { kind: "secret", pattern: /\bBearer [A-Za-z0-9._~+/=-]{1,4000}/gi, mask: "Bearer [token]" },
  {
    kind: "secret",
    pattern: /\beyJ[A-Za-z0-9_-]{10,2000}\.[A-Za-z0-9_-]{1,4000}\.[A-Za-z0-9_-]{1,1000}/g,
    mask: "[token]",
  },
  {
    kind: "secret",
    pattern:
      /(password|passwd|passphrase|passcode|pwd|api[ _-]?key|access[ _-]?token|client[ _-]?secret|密码|口令|密钥)(["']?\s{0,3}[:=：]\s{0,3}["']?)[^\s"',;，。；]{3,200}/gi,
    mask: "$1$2[secret]",
  },
];

/** Passwords, keys and tokens. */
import type { Detector } from "./detector.ts";

const TOKEN_PREFIXES =
  "whsec_|xox[a-z]-|xapp-|sk-|rkp_|[sr]k_(?:live|test)_|gh[opusr]_|github_pat_|glpat-|AIza|GOCSPX-|ya29\\.|hf_|npm_|pypi-|dop_v1_|SG\\.|AGE-SECRET-KEY-1";

/** What people and programs call a secret. */
const NAMES =
  "password|passwd|passphrase|passcode|pwd|passwort|kennwort|contraseña|mot de passe|senha|пароль|パスワード|api[ _-]?key|(?:access|auth|refresh)[ _-]?token|client[ _-]?secret|secret[ _-]?(?:access[ _-]?)?key|密码|口令|密钥";
/** Such as stand in other sentences, too: only before what looks like a secret. */
const VAGUE_NAMES = "secret|token";
const IS = "(?:is|ist|es|est)";
const ASSIGNED = `\\\\?["']?(?:\\s${IS})?\\s{0,3}[:=：]\\s{0,3}`;
const VALUE_CHAR = "[^\\s\"',;，。；]";
const HAS_DIGIT = `(?=${VALUE_CHAR}{0,199}\\d)`;
const KEYBOARD_CHAR = "[!#-&(-+\\--:<-~]";

const KEY_HEAD = "-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----";
/** As it is, and as a text within JSON has it. */
const LINE_END = "(?:\\s|\\\\[nr])";

export const SECRETS: readonly Detector[] = [
  {
    // From its first line to its last, whatever stands between.
    kind: "secret",
    pattern: new RegExp(
      `${KEY_HEAD}(?:(?!-----)[\\s\\S]){0,20000}-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----`,
      "g",
    ),
    mask: "[secret]",
  },
  {
    // One that was cut off.
    kind: "secret",
    pattern: new RegExp(
      `${KEY_HEAD}${LINE_END}{0,3}(?:[A-Za-z0-9+/=]{1,200}${LINE_END}{0,3}){0,200}`,
      "g",
    ),
    mask: "[secret]",
  },
  {
    // Within an address, whatever its protocol.
    kind: "secret",
    pattern: /\b([a-z][a-z0-9+.-]{1,20}:\/\/[^\s:@/]{0,64}):[^\s@/]{1,200}@/gi,
    mask: "$1:[secret]@",
  },
  { kind: "secret", pattern: /(?<!\d)\d{6,12}:[A-Za-z0-9_-]{30,50}/g, mask: "[token]" },
  {
    kind: "secret",
    pattern: new RegExp(`\\b(?:${TOKEN_PREFIXES})[A-Za-z0-9+/=_.-]{8,200}`, "g"),
    mask: "[secret]",
  },
  { kind: "secret", pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, mask: "[secret]" },
  { kind: "secret", pattern: /\bBearer [A-Za-z0-9._~+/=-]{1,4000}/gi, mask: "Bearer [token]" },
  {
    kind: "secret",
    pattern: /\b(authorization["']?\s{0,3}[:=]\s{0,3}["']?basic) [A-Za-z0-9+/=]{1,4000}/gi,
    mask: "$1 [token]",
  },
  {
    kind: "secret",
    pattern: /\beyJ[A-Za-z0-9_-]{10,2000}\.[A-Za-z0-9_-]{1,4000}\.[A-Za-z0-9_-]{1,1000}/g,
    mask: "[token]",
  },
  {
    // With a card, or for a door.
    kind: "secret",
    pattern: /(?<![A-Za-z])(cv[vc]2?\s{0,3}[:=：]?\s{0,3}|pin\s{0,3}[:=：]\s{0,3})\d{3,8}(?!\d)/gi,
    mask: "$1[secret]",
  },
  {
    kind: "secret",
    pattern: /\b(cookie["']?: {0,3}["']?)[\w.-]{1,100}=[^\r\n"']{1,4000}/gi,
    mask: "$1[secret]",
  },
  {
    // Within quotation marks, spaces and all.
    kind: "secret",
    pattern: new RegExp(`(${NAMES})(${ASSIGNED})"(?:[^"\\\\\\n]|\\\\.){1,200}"`, "gi"),
    mask: '$1$2"[secret]"',
  },
  {
    kind: "secret",
    pattern: new RegExp(`(${NAMES})(${ASSIGNED}\\\\?["']?)${VALUE_CHAR}{3,200}`, "gi"),
    mask: "$1$2[secret]",
  },
  {
    // As one says it: with a digit, because other sentences go on the same way.
    kind: "secret",
    pattern: new RegExp(
      `(${NAMES})(\\s{1,3}${IS}\\s{1,3}["']?|\\s?[是为]\\s?)(?=${KEYBOARD_CHAR}{0,199}\\d)${KEYBOARD_CHAR}{3,200}`,
      "gi",
    ),
    mask: "$1$2[secret]",
  },
  {
    kind: "secret",
    pattern: new RegExp(
      `(?<![A-Za-z])(${VAGUE_NAMES})(${ASSIGNED}\\\\?["']?)${HAS_DIGIT}${VALUE_CHAR}{8,200}`,
      "gi",
    ),
    mask: "$1$2[secret]",
  },
];

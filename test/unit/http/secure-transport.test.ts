import { describe, it } from "vitest";
import { isSecureCall } from "../../../src/http/secure-transport.ts";

describe("a call is secure", () => {
  it.for([
    ["https://box:8443/", "", true],
    ["http://box:8787/", "", false],
    ["http://chat.example/", "https://chat.example", true],
    ["http://chat.example/", "https://chat.example/path", true],
    ["http://chat.example:8787/", "https://chat.example", false],
    ["http://127.0.0.1:8787/", "https://chat.example", false],
    ["http://chat.example/", "http://chat.example", false],
  ] as const)("%s with the public address %j: %s", ([url, publicUrl, expected], { expect }) => {
    expect(isSecureCall(new URL(url), publicUrl)).toBe(expected);
  });
});

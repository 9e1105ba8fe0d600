import { describe, it } from "vitest";
import { explainStartFailure } from "../../../local-runtime/start-failure.ts";

const LISTENING = { host: "127.0.0.1", port: 8787 };

describe("a start of workerd that failed", () => {
  it.for([
    [
      'Socket "http": bind(): Address already in use (os error 98)',
      "server/port_taken",
      "Port 8787 of 127.0.0.1 is taken by another program.",
    ],
    [
      'Socket "http": bind(): Permission denied (os error 13)',
      "server/port_forbidden",
      "This user may not listen on port 8787.",
    ],
    [
      'Socket "http": bind(): Cannot assign requested address (os error 99)',
      "server/host_unknown",
      "HOST is no address of this machine (127.0.0.1).",
    ],
    [
      'Socket "http": getaddrinfo(): DNS lookup failed. host = nowhere; service = (none)',
      "server/host_unknown",
      "HOST is no address of this machine (127.0.0.1).",
    ],
    [
      "kj/filesystem-disk-unix.c++:1: failed: No space left on device",
      "data/disk_full",
      "The disk of the data folder is full.",
    ],
    [
      "service app: a\nb\nc\nd",
      "workerd/start_failed",
      "workerd did not start: service app: a / b / c.",
    ],
    ["", "workerd/start_failed", "workerd did not start: it said nothing."],
  ] as const)("is explained: %s", ([stderr, code, message], { expect }) => {
    const error = explainStartFailure(stderr, LISTENING);
    expect(error).toMatchObject({ code, message });
    expect(error.fix).toMatch(/\w/);
  });

  it("for a taken port names one to try, the last port included", ({ expect }) => {
    const taken = 'Socket "http": bind(): Address already in use (os error 98)';
    expect(explainStartFailure(taken, LISTENING).fix).toContain("PORT=8788 npm start");
    expect(explainStartFailure(taken, { ...LISTENING, port: 65535 }).fix).toContain("PORT=65534");
  });
});

import { describe, it } from "vitest";
import { explainStartFailure } from "../../../../local-runtime/supervisor/start-failure.ts";

describe("a start of workerd that failed", () => {
  it.for([
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
    const error = explainStartFailure(stderr);
    expect(error).toMatchObject({ code, message });
    expect(error.fix).toMatch(/\w/);
  });
});

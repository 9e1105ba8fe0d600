/** What `rockpool key status` says. */
import { describe, it } from "vitest";
import { renderKeyStatus } from "../../../../local-runtime/keys/key-text.ts";

const STATUS = {
  dataKeys: 400,
  oldDataKeys: 0,
  newestAtMs: 1_000,
  personKeys: 3,
  destroyed: 1,
  messages: 10,
  oldMessages: 0,
};

describe("the status of keys", () => {
  it("says how many there are, and nothing of old ones where there are none", ({ expect }) => {
    expect(renderKeyStatus("file", STATUS, 7_201_000)).toBe(
      [
        "Master key   from the file master.key in the data folder",
        "Data keys    400, the newest 2 h old",
        "Person keys  3, and 1 destroyed",
        "Messages     10 in the log, none under old keys",
      ].join("\n"),
    );
  });

  it("counts the old ones, which are kept, and what is still under them", ({ expect }) => {
    const lines = renderKeyStatus("file", { ...STATUS, oldDataKeys: 35, oldMessages: 4 }, 0);
    expect(lines).toContain("35 of them are older than a year");
    expect(lines).toContain("none is ever dropped");
    expect(lines).toContain("6 of 10 in the log under present keys");
  });
});

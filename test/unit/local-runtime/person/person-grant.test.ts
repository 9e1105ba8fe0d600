/** `rockpool person grant`, against a server that answers like the admin socket. */
import { describe, it } from "vitest";
import * as person from "../../../../local-runtime/commands/person.ts";
import { startFakeAdmin } from "../../../support/fake-admin.ts";
import { runCommand } from "../../../support/run-command.ts";

const json = {
  id: "0190a000-0000-7000-8000-000000000001",
  role: "member",
  name: "Ada",
  lang: "en",
  accounts: [],
  channels: ["telegram:main"],
  models: [],
  limits: {},
  createdAtMs: 1,
};

describe("rockpool person grant", () => {
  it("takes an account as other commands print it, and a model's name as it is", async ({
    expect,
  }) => {
    await using admin = await startFakeAdmin();
    admin.handle("POST /people/Ada", () => ({ status: 200, json }));
    for (const words of [
      ["channel", "telegram/main"],
      ["channel", "telegram:main"],
      ["model", "maker/small:1b"],
    ])
      await runCommand(person, ["grant", "Ada", ...words], admin.dataDir);
    expect(admin.requests.map(({ body }) => body)).toEqual([
      { what: "grant", kind: "channel", value: "telegram:main" },
      { what: "grant", kind: "channel", value: "telegram:main" },
      { what: "grant", kind: "model", value: "maker/small:1b" },
    ]);
  });
});

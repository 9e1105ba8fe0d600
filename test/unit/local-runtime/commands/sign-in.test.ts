import { describe, it } from "vitest";
import * as signIn from "../../../../local-runtime/commands/sign-in.ts";
import type { DeviceSummary } from "../../../../src/core/sign-in-protocol.ts";
import { IDLE_STATUS, problem, startFakeAdmin } from "../../../support/fake-admin.ts";
import { runCommand } from "../../../support/run-command.ts";

const expiresAtMs = Date.UTC(2026, 10, 22);
const device: DeviceSummary = {
  id: "d1",
  name: "Firefox · Linux",
  method: "link",
  signedInAtMs: Date.UTC(2026, 10, 21, 9),
  lastSeenAtMs: Date.UTC(2026, 10, 21, 10),
  isThis: false,
};
const status = { ...IDLE_STATUS, publicUrl: "https://chat.example" };

async function startAdmin() {
  const admin = await startFakeAdmin();
  admin.handle("GET /status", () => ({ status: 200, json: status }));
  const link = { token: "abc", expiresAtMs };
  admin.handle("POST /sign-ins/links", () => ({ status: 201, json: link }));
  return admin;
}

describe("rockpool sign-in", () => {
  it("prints a person's link, with until when it works", async ({ expect }) => {
    await using admin = await startAdmin();
    const made = await runCommand(signIn, ["link", "Ada"], admin.dataDir);
    expect(made.json).toEqual([{ link: "https://chat.example/#owner=abc", expiresAtMs }]);
    expect(made.printed).toContain("(signs Ada in, once, until 2026-11-22T00:00:00.000Z");
    expect(admin.requests.at(-1)?.body).toEqual({ person: "Ada" });
  });

  it("lists devices, and says what to do where there is none", async ({ expect }) => {
    await using admin = await startAdmin();
    admin.handle("GET /sign-ins/Ada%20L", () => ({ status: 200, json: [device] }));
    const listed = await runCommand(signIn, ["list", "Ada L"], admin.dataDir);
    expect(listed.printed).toContain("Firefox · Linux");
    expect(listed.printed).toContain("2026-11-21T10:00");
    expect(listed.json).toEqual([[device]]);
    admin.handle("GET /sign-ins/Bob", () => ({ status: 200, json: [] }));
    const none = await runCommand(signIn, ["list", "Bob"], admin.dataDir);
    expect(none.printed).toContain("npx rockpool sign-in link <person>");
  });

  it("ends one device or all, and passes on what the server refuses", async ({ expect }) => {
    await using admin = await startAdmin();
    admin.handle("DELETE /sign-ins/Ada", () => ({ status: 200, json: { ended: 3 } }));
    admin.handle("DELETE /sign-ins/Ada/d1", () => ({ status: 200, json: { ended: 1 } }));
    const all = await runCommand(signIn, ["end", "Ada"], admin.dataDir);
    expect(all.printed).toBe("Signed out on 3 devices.");
    const one = await runCommand(signIn, ["end", "Ada", "d1"], admin.dataDir);
    expect(one.json).toEqual([{ ended: 1 }]);
    admin.handle("DELETE /sign-ins/Eve", () => problem("person/unknown"));
    await expect(runCommand(signIn, ["end", "Eve"], admin.dataDir)).rejects.toMatchObject({
      code: "person/unknown",
    });
  });
});

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "vitest";
import {
  addChannel,
  type ChannelPlan,
  decideTransport,
  parseApiBase,
} from "../../../local-runtime/add-channel.ts";
import { originOf } from "../../../local-runtime/egress/account-origin.ts";
import { allowOrigin, disallowOrigin } from "../../../local-runtime/egress/egress-change.ts";
import { loadRunState, writeRunState } from "../../../local-runtime/supervisor/run-state.ts";
import { CATALOGUE } from "../../../src/adapters/catalogue.ts";
import type { AccountAdded, AddAccount } from "../../../src/core/admin-protocol.ts";
import { type FakeAdmin, problem, startFakeAdmin } from "../../support/fake-admin.ts";

const API = "http://127.0.0.1:8081";
const request: AddAccount = {
  channel: "telegram",
  name: "main",
  access: "pairing",
  transport: "poll",
  apiBase: `${API}/base`,
  fields: { token: "secret" },
  allow: [],
};
const added: AccountAdded = {
  account: {
    channel: "telegram",
    name: "main",
    access: "pairing",
    transport: "poll",
    apiBase: `${API}/base`,
    settings: {},
    secretsSet: ["token"],
    webhookPath: "/webhooks/telegram/main",
    addedAtMs: 5,
  },
  done: ["all is well"],
  generated: {},
};

const refuseNotes = {
  note: (text: string) => {
    throw new Error(text);
  },
  isListedOnly: false,
};

/** Takes a SIGHUP as the supervisor does: by starting the next generation. */
function superviseHere(admin: FakeAdmin) {
  const reloads: string[][] = [];
  const reload = () => {
    reloads.push(grants(admin));
    const state = loadRunState(admin.dataDir);
    if (state) writeRunState(admin.dataDir, { ...state, generation: state.generation + 1 });
  };
  process.on("SIGHUP", reload);
  return { reloads, [Symbol.dispose]: () => void process.off("SIGHUP", reload) };
}

function grants(admin: FakeAdmin): string[] {
  const path = join(admin.dataDir, "egress.json");
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")).origins : [];
}

describe("adding a channel", () => {
  it("allows the address first and then tells the server", async ({ expect }) => {
    await using admin = await startFakeAdmin();
    using supervisor = superviseHere(admin);
    admin.handle("GET /accounts", () => ({ status: 200, json: [] }));
    admin.handle("POST /accounts", () => {
      expect(loadRunState(admin.dataDir)?.generation).toBe(2);
      return { status: 201, json: added };
    });
    expect(await addChannel(admin.dataDir, request, refuseNotes)).toEqual(added);
    expect(grants(admin)).toEqual([API]);
    expect(supervisor.reloads).toEqual([[API]]);
    expect(admin.requests.at(-1)).toEqual({ route: "POST /accounts", body: request });
  });

  it("takes the address back where the server refuses", async ({ expect }) => {
    await using admin = await startFakeAdmin();
    using supervisor = superviseHere(admin);
    admin.handle("GET /accounts", () => ({ status: 200, json: [] }));
    admin.handle("POST /accounts", () => problem("account/bad_settings", "The token is wrong."));
    await expect(addChannel(admin.dataDir, request, refuseNotes)).rejects.toMatchObject({
      code: "account/bad_settings",
      message: "The token is wrong.",
    });
    expect(supervisor.reloads).toEqual([[API], []]);
    expect(grants(admin)).toEqual([]);
  });

  it("leaves an address alone that another account has", async ({ expect }) => {
    await using admin = await startFakeAdmin();
    using supervisor = superviseHere(admin);
    writeFileSync(join(admin.dataDir, "egress.json"), JSON.stringify({ origins: [API] }));
    admin.handle("GET /accounts", () => ({ status: 200, json: [] }));
    admin.handle("POST /accounts", () => problem("account/setup_failed"));
    await expect(addChannel(admin.dataDir, request, refuseNotes)).rejects.toMatchObject({
      code: "account/setup_failed",
    });
    expect(supervisor.reloads).toEqual([]);
    expect(grants(admin)).toEqual([API]);
  });

  it("allows nothing for a name that is taken", async ({ expect }) => {
    await using admin = await startFakeAdmin();
    using supervisor = superviseHere(admin);
    admin.handle("GET /accounts", () => ({ status: 200, json: [added.account] }));
    await expect(addChannel(admin.dataDir, request, refuseNotes)).rejects.toMatchObject({
      code: "account/exists",
      message: "The account telegram:main exists already.",
    });
    expect(supervisor.reloads).toEqual([]);
  });

  it("takes the address back where the server does not take it up in time", async ({ expect }) => {
    await using admin = await startFakeAdmin();
    const ignore = () => undefined;
    process.on("SIGHUP", ignore);
    await expect(allowOrigin(admin.dataDir, API, 60)).rejects.toMatchObject({
      code: "server/no_reload",
      message: "The server did not take the new address up within 0.06 seconds.",
    });
    process.off("SIGHUP", ignore);
    expect(grants(admin)).toEqual([]);
  });

  it("says that no server runs, also where there never was one", async ({ expect }) => {
    const dataDir = join(tmpdir(), "rockpool-no-such-folder");
    for (const change of [allowOrigin, disallowOrigin])
      await expect(change(dataDir, API)).rejects.toMatchObject({ code: "server/not_running" });
  });

  it("takes a grant away only where there is one", async ({ expect }) => {
    await using admin = await startFakeAdmin();
    using supervisor = superviseHere(admin);
    writeFileSync(join(admin.dataDir, "egress.json"), JSON.stringify({ origins: [API] }));
    expect(await disallowOrigin(admin.dataDir, "http://127.0.0.1:1")).toBe(false);
    expect(await disallowOrigin(admin.dataDir, API)).toBe(true);
    expect(supervisor.reloads).toEqual([[]]);
  });
});

describe("the address that an account needs to be allowed", () => {
  it.for([
    [{ channel: "telegram" }, undefined, "https://api.telegram.org"],
    [{ channel: "telegram", apiBase: "http://127.0.0.1:8081/x" }, API, API],
    [{ channel: "webhook" }, undefined, undefined],
    [{ channel: "webhook", callback: "https://a.example/in" }, undefined, "https://a.example"],
    [{ channel: "unknown" }, undefined, undefined],
  ] as const)(
    "%j: %s, and where only listed ones are reached %s",
    ([account, open, listed], { expect }) => {
      expect(originOf(account, false)).toBe(open);
      expect(originOf(account, true)).toBe(listed);
    },
  );
});

describe("the transport of a new account", () => {
  const plan = (channel: string, rest: Partial<ChannelPlan> = {}): ChannelPlan => {
    const entry = CATALOGUE.find((item) => item.channel === channel);
    if (!entry) throw new Error(`no channel ${channel}`);
    return { entry, publicUrl: "", transport: undefined, ...rest };
  };
  const publicUrl = "https://box.example";

  it("is the webhook where the internet reaches the server, else polling where it can be", ({
    expect,
  }) => {
    expect(decideTransport(plan("telegram", { publicUrl }))).toBe("webhook");
    expect(decideTransport(plan("telegram"))).toBe("poll");
    expect(decideTransport(plan("webhook"))).toBe("webhook");
    expect(decideTransport(plan("telegram", { publicUrl, transport: "poll" }))).toBe("poll");
    expect(decideTransport(plan("webhook", { transport: "webhook" }))).toBe("webhook");
    expect(decideTransport(plan("telegram", { transport: "webhook" }))).toBe("webhook");
  });

  it("is refused where it cannot work", ({ expect }) => {
    expect(() => decideTransport(plan("webhook", { transport: "poll" }))).toThrow(
      "--transport poll is nothing that webhook can do.",
    );
  });
});

describe("the address of a platform's API", () => {
  it("is taken without the slashes at its end", ({ expect }) => {
    expect(parseApiBase("http://127.0.0.1:8081")).toBe("http://127.0.0.1:8081");
    expect(parseApiBase("HTTPS://API.example:443/v1//")).toBe("https://api.example/v1");
  });

  it("is refused in any other form", ({ expect }) => {
    for (const text of ["", "x", "ftp://a", "http://u:p@a", "http://a/?q", "http://a/#f", "//a"])
      expect(() => parseApiBase(text)).toThrow(
        expect.objectContaining({ message: "--api-base is wrong.", exitStatus: 64 }),
      );
  });
});

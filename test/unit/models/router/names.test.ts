import { afterEach, beforeEach, describe, it } from "vitest";
import { splitName } from "../../../../src/models/router/names.ts";
import { PRESSURE_TTL_MS } from "../../../../src/models/router/pressure.ts";
import { type FakeOllama, startFakeOllama } from "../../../support/fake-ollama.ts";
import { GIB, runChat } from "../chat-client.ts";
import { createRouter, serverAt } from "./router-client.ts";

let main: FakeOllama;
let lan: FakeOllama;

beforeEach(async () => {
  main = await startFakeOllama({ installed: ["tiny:latest", "chat:8b"] });
  lan = await startFakeOllama({ installed: ["chat:8b", "chat:3b", "see:4b"] });
});
afterEach(async () => {
  await Promise.all([main.close(), lan.close()]);
});

const servers = () => [serverAt(main.url), serverAt(lan.url, "lan", "ollama", "home")] as const;

async function answers(router: ReturnType<typeof createRouter>["router"], model: string) {
  main.resetStats();
  lan.resetStats();
  const outcome = await runChat(router, { model });
  const where = main.stats().chats > 0 ? "main" : "lan";
  return outcome.code ?? `${outcome.done?.usage.model} on ${where}`;
}

describe("splitName", () => {
  it("takes the part after the last @ for a server only where it is one", ({ expect }) => {
    expect(splitName("a:1b@lan", ["main", "lan"])).toEqual({ model: "a:1b", server: "lan" });
    expect(splitName("a@q4@lan", ["lan"])).toEqual({ model: "a@q4", server: "lan" });
    expect(splitName("a@q4", ["lan"])).toEqual({ model: "a@q4" });
    expect(splitName("@lan", ["lan"])).toEqual({ model: "@lan" });
  });
});

describe("a name", () => {
  it("means the first server that lists it, or the one that it names", async ({ expect }) => {
    const { router } = createRouter(servers());
    expect(await answers(router, "chat:8b")).toBe("chat:8b on main");
    expect(await answers(router, "chat:8b@lan")).toBe("chat:8b on lan");
    expect(await answers(router, "chat:3b")).toBe("chat:3b on lan");
    expect(await answers(router, "tiny")).toBe("tiny on main");
    expect(await answers(router, "auto@lan")).toBe("chat:8b on lan");
  });

  it("that nobody lists is missing on the main server", async ({ expect }) => {
    const { router } = createRouter(servers(), { fallbacks: ["nosuch"] });
    expect(await answers(router, "other:1b")).toBe("model/missing");
  });

  it("`auto` means what the option says, an alias too", async ({ expect }) => {
    const named = createRouter(servers(), { model: "chat:3b" });
    expect(await answers(named.router, "auto")).toBe("chat:3b on lan");
    const alias = createRouter(servers(), { model: "fast" });
    expect(await answers(alias.router, "auto")).toBe("tiny:latest on main");
  });

  it("costs a chat on one warm server no further request", async ({ expect }) => {
    const { router } = createRouter([serverAt(main.url)]);
    await runChat(router, { model: "tiny" });
    main.resetStats();
    await runChat(router, { model: "tiny" });
    expect(main.stats().requestsByPath).toEqual({ "/api/chat": 1 });
  });
});

describe("an alias", () => {
  it("follows a rule where no option names a model", async ({ expect }) => {
    const { router } = createRouter(servers());
    expect(await answers(router, "fast")).toBe("tiny:latest on main");
    expect(await answers(router, "smart")).toBe("chat:8b on main");
    expect(await answers(router, "vision")).toBe("see:4b on lan");
    const small = createRouter(servers(), { memoryBytes: 5 * GIB });
    expect(await answers(small.router, "smart")).toBe("chat:3b on lan");
  });

  it("means what its option says", async ({ expect }) => {
    const aliases = { fast: "chat:3b", smart: "auto@lan", vision: "smart" };
    const { router } = createRouter(servers(), { aliases });
    expect(await answers(router, "fast")).toBe("chat:3b on lan");
    expect(await answers(router, "smart")).toBe("chat:8b on lan");
    expect(await answers(router, "vision")).toBe("chat:8b on lan");
  });

  it("that can mean nothing says so, and two that mean each other do not turn for ever", async ({
    expect,
  }) => {
    const blind = createRouter([serverAt(main.url)]);
    await expect(blind.router.profile("vision")).rejects.toMatchObject({
      code: "model/missing",
      message: 'No model that "vision" could mean.',
    });
    const aliases = { fast: "smart", smart: "fast" };
    const { router } = createRouter(servers(), { aliases });
    expect(await answers(router, "fast")).toBe("chat:8b on main");
  });

  it("never means a model at a public address by itself", async ({ expect }) => {
    const hub = serverAt(lan.url, "hub", "openai", "public");
    const { router } = createRouter([serverAt(main.url), hub]);
    await expect(router.profile("vision")).rejects.toMatchObject({ code: "model/missing" });
  });
});

describe("state", () => {
  it("lists the models of all servers, and names the server where a name is not enough", async ({
    expect,
  }) => {
    const { router } = createRouter(servers());
    const state = await router.state();
    expect(state).toMatchObject({
      status: "up",
      chosen: "chat:8b@main",
      servers: [
        { name: "main", status: "up" },
        { name: "lan", status: "up" },
      ],
      aliases: [
        { alias: "fast", model: "tiny:latest" },
        { alias: "smart", model: "chat:8b@main" },
        { alias: "vision", model: "see:4b" },
      ],
    });
    expect(state.status === "up" && state.models.map(({ name, server }) => [name, server])).toEqual(
      [
        ["tiny:latest", "main"],
        ["chat:8b@main", "main"],
        ["chat:8b@lan", "lan"],
        ["chat:3b", "lan"],
        ["see:4b", "lan"],
      ],
    );
  });

  it("says what answers while the main server is away, and which one is", async ({ expect }) => {
    await main.close();
    const { router } = createRouter(servers());
    expect(await router.state()).toMatchObject({
      status: "up",
      chosen: "chat:8b",
      servers: [
        { name: "main", status: "down", code: "model/unavailable" },
        { name: "lan", status: "up" },
      ],
    });
    await lan.close();
    expect(await router.state()).toMatchObject({ status: "down", code: "model/unavailable" });
  });

  it("of one server is that server's, with the aliases", async ({ expect }) => {
    const { router } = createRouter([serverAt(main.url)]);
    const state = await router.state();
    expect(state).not.toHaveProperty("servers");
    expect(state.status === "up" && state.models[0]).not.toHaveProperty("server");
    expect(state).toMatchObject({ chosen: "chat:8b" });
  });
});

describe("short memory", () => {
  it("gives new work on this box to the small model, until there is enough again", async ({
    expect,
  }) => {
    const { router, later } = createRouter(servers(), { small: "tiny" });
    router.pressure.tell(14);
    expect(await answers(router, "chat:8b")).toBe("tiny on main");
    expect(await answers(router, "auto")).toBe("tiny on main");
    expect(await answers(router, "chat:8b@lan")).toBe("chat:8b on lan");
    expect((await router.profile("auto")).name).toBe("tiny");
    expect(await router.state()).toMatchObject({
      chosen: "tiny:latest",
      pressure: { freePercent: 14, model: "tiny:latest" },
    });
    router.pressure.tell(undefined);
    expect(await answers(router, "auto")).toBe("chat:8b on main");
    router.pressure.tell(14);
    later(PRESSURE_TTL_MS);
    expect(await answers(router, "auto")).toBe("chat:8b on main");
  });

  it("changes nothing where no small model is named", async ({ expect }) => {
    const { router } = createRouter(servers());
    router.pressure.tell(3);
    expect(await answers(router, "auto")).toBe("chat:8b on main");
    expect(await router.state()).not.toHaveProperty("pressure");
  });
});

describe("warmUp", () => {
  it("loads the model that would answer, with the context of chats, and says nothing", async ({
    expect,
  }) => {
    const { router } = createRouter(servers());
    await router.warmUp();
    expect(main.stats().loaded).toEqual(["chat:8b"]);
    expect(main.stats()).toMatchObject({ warmUps: 1, chats: 0 });
    const outcome = await runChat(router, { model: "auto" });
    expect(outcome.kinds[0]).toBe("text");
    expect(main.stats().loads).toBe(1);
  });

  it("leaves a server at a public address alone", async ({ expect }) => {
    const { router } = createRouter([serverAt(main.url, "main", "ollama", "public")]);
    await router.warmUp();
    expect(main.stats().requestsByPath).toEqual({});
  });
});

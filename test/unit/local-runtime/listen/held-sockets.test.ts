import { connect, createServer, type Server } from "node:net";
import { describe, it, onTestFinished } from "vitest";
import {
  explainSocketFailure,
  holdSockets,
} from "../../../../local-runtime/listen/held-sockets.ts";
import { HAS_IPV6_LOOPBACK } from "../../../support/ipv6.ts";

function wanted(port: number, host = "127.0.0.1") {
  return { name: "http", option: "PORT", host, port } as const;
}

async function listen(server: Server, at: object): Promise<number> {
  await new Promise<void>((resolve) => server.listen(at, resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}

describe("a held socket", () => {
  it("keeps who calls before anybody serves, for whoever serves then", async ({ expect }) => {
    const [held] = await holdSockets([wanted(0)]);
    const caller = connect({ host: "127.0.0.1", port: held?.port ?? 0 });
    onTestFinished(() => void caller.destroy());
    await new Promise<void>((resolve, reject) => {
      caller.once("connect", resolve);
      caller.once("error", reject);
    });
    const greeting = new Promise<string>((resolve) =>
      caller.setEncoding("utf8").once("data", (text) => resolve(String(text))),
    );
    await listen(
      createServer((socket) => socket.end("hello")),
      { fd: held?.fd },
    );
    expect(await greeting).toBe("hello");
  });

  it("is one for each listener, at the port that was asked for", async ({ expect }) => {
    const free = createServer();
    const port = await listen(free, { port: 0, host: "127.0.0.1" });
    await new Promise((resolve) => free.close(resolve));
    const held = await holdSockets([wanted(port), { ...wanted(0), name: "metrics" }]);
    for (const socket of held) onTestFinished(() => socket.close());
    expect(held.map(({ name }) => name)).toEqual(["http", "metrics"]);
    expect(held[0]?.port).toBe(port);
    expect(held[1]?.port).toBeGreaterThan(0);
  });

  it("is refused where the port is taken, and none of the others stays", async ({ expect }) => {
    const port = await listen(createServer(), { port: 0, host: "127.0.0.1" });
    await expect(holdSockets([wanted(0), wanted(port)])).rejects.toMatchObject({
      code: "server/port_taken",
      message: `Port ${port} of 127.0.0.1 is taken by another program.`,
      fix: expect.stringContaining(`PORT=${port + 1} npm start`),
    });
    const again = [wanted(0), { ...wanted(0), name: "metrics" }];
    const [first] = await holdSockets(again.slice(0, 1));
    const both = [wanted(first?.port ?? 0)];
    onTestFinished(() => first?.close());
    await expect(holdSockets(both)).rejects.toMatchObject({ code: "server/port_taken" });
  });

  it.runIf(HAS_IPV6_LOOPBACK)(
    "has a twin at its port, or none where another program is there",
    async ({ expect }) => {
      const twin = { ...wanted(0, "::1"), name: "localhost", isTwin: true };
      const both = await holdSockets([wanted(0), twin, { ...wanted(0), name: "metrics" }]);
      for (const socket of both) onTestFinished(() => socket.close());
      expect(both.map(({ name }) => name)).toEqual(["http", "localhost", "metrics"]);
      expect(both[1]?.port).toBe(both[0]?.port);
      const port = await listen(createServer(), { port: 0, host: "::1" });
      const alone = await holdSockets([wanted(port), twin, { ...wanted(0), name: "metrics" }]);
      for (const socket of alone) onTestFinished(() => socket.close());
      expect(alone.map(({ name }) => name)).toEqual(["http", "metrics"]);
      expect(alone[0]?.port).toBe(port);
      const nowhere = { ...twin, host: "192.0.2.1" };
      const [only, ...rest] = await holdSockets([wanted(0), nowhere]);
      onTestFinished(() => only?.close());
      expect(rest).toEqual([]);
    },
  );

  it("is refused at an address that is not this machine's", async ({ expect }) => {
    await expect(holdSockets([wanted(0, "192.0.2.1")])).rejects.toMatchObject({
      code: "server/host_unknown",
      message: "HOST is no address of this machine (192.0.2.1; EADDRNOTAVAIL).",
    });
    await expect(holdSockets([wanted(0, "no-such-host.invalid")])).rejects.toMatchObject({
      code: "server/host_unknown",
    });
  });

  it("that cannot be had says what to do", ({ expect }) => {
    expect(explainSocketFailure(wanted(80), "EACCES")).toMatchObject({
      code: "server/port_forbidden",
      message: "This user may not listen on port 80.",
      fix: "Set PORT to 1024 or more, and put a reverse proxy in front of it.",
    });
    expect(explainSocketFailure(wanted(65_535), "EADDRINUSE").fix).toContain("PORT=65534");
    const api = { ...wanted(9443), option: "ROCKPOOL_API_LISTEN" } as const;
    expect(explainSocketFailure(api, "EADDRINUSE").fix).toContain("ROCKPOOL_API_LISTEN");
  });
});

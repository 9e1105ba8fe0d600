/** Two fake model servers for the tests inside workerd, which cannot listen themselves: real sockets, so that faults are. */
import type { TestProject } from "vitest/node";
import { startFakeOllama } from "./fake-ollama.ts";
import type { ModelServers } from "./provided-servers.ts";

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const settings = { reply: "echo", parallel: 4 } as const;
  const [main, other] = await Promise.all([startFakeOllama(settings), startFakeOllama(settings)]);
  const servers: ModelServers = { main: main.url, other: other.url };
  project.provide("modelServers", servers);
  return async () => {
    await Promise.all([main.close(), other.close()]);
  };
}

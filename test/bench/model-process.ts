/** The fake model server as a program of the bench: answers with an echo, and says how long it took by itself. */
import diagnostics from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";
import { startFakeOllama } from "../support/fake-ollama.ts";
import type { FakeChange } from "../support/fake-ollama-settings.ts";
import { clockMs } from "./clock.ts";
import { serveCalls } from "./program.ts";

/** What node:http publishes of a request. */
interface Exchange {
  request: IncomingMessage;
}

const begunMs = new WeakMap<IncomingMessage, number>();
let ownTimesMs: number[] = [];

diagnostics.subscribe("http.server.request.start", (message) => {
  const { request } = message as Exchange; // as node's documentation of the channel says
  if (request.url === "/api/chat") begunMs.set(request, clockMs());
});
diagnostics.subscribe("http.server.response.finish", (message) => {
  const begun = begunMs.get((message as Exchange).request); // as above
  if (begun !== undefined) ownTimesMs.push(clockMs() - begun);
});

const model = await startFakeOllama({
  reply: "echo",
  installed: ["chat:3b", "tiny:latest"],
  parallel: 1_000,
});

serveCalls(
  {
    url: () => model.url,
    control: (change: FakeChange) => {
      model.control(change);
    },
    held: () => model.stats().held,
    /** Times of the chats since this was last asked, in order. */
    takeOwnTimes: () => {
      const taken = ownTimesMs;
      ownTimesMs = [];
      return taken;
    },
  },
  () => model.close(),
);

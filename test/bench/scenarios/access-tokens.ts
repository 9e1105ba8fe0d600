/** What it costs to look at an access token, beside signing and verifying with Ed25519 alone: workerd's own time for it. */
import type { Box } from "../bench.ts";
import { atMost, type Figure } from "../figures.ts";
import { runClosedLoop } from "../load.ts";

const CALLS = 5;
/** In one call: the time of the call itself is lost in it. */
const TOKENS = 500;

export async function measureAccessTokens(box: Box): Promise<Figure[]> {
  const check = await millisecondsEach(box, "/access-tokens");
  const floor = await millisecondsEach(box, "/signatures");
  return [
    {
      what: "a look at an access token, to an Ed25519 sign and verify",
      value: check,
      unit: "ms",
      ratio: check / floor,
      target: atMost("value", 0.2),
    },
  ];
}

async function millisecondsEach(box: Box, path: string): Promise<number> {
  const calls = Array.from({ length: CALLS }, () => ({
    path: `${path}/${TOKENS}`,
    body: Buffer.alloc(0),
  }));
  await runClosedLoop(box.floor, calls.slice(0, 1));
  const beganMs = performance.now();
  await runClosedLoop(box.floor, calls);
  return (performance.now() - beganMs) / (CALLS * TOKENS);
}

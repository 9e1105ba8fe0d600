/**
 * The floor that Rockpool's figures are measured against: what workerd itself gives to a bare route, to a bare write in
 * an object, and to the same write with an alarm. Runs beside Rockpool in the same process and on the same disk.
 */
import { DurableObject } from "cloudflare:workers";
import { Hono } from "hono";
import type { PersonId } from "../../src/core/ids.ts";
import { createAccessToken, verifyAccessToken } from "../../src/security/access-token.ts";

interface FloorEnv {
  FLOOR: DurableObjectNamespace<FloorObject>;
}

const HOUR_MS = 3_600_000;

export class FloorObject extends DurableObject<FloorEnv> {
  constructor(ctx: DurableObjectState, env: FloorEnv) {
    super(ctx, env);
    ctx.storage.sql.exec(
      "CREATE TABLE IF NOT EXISTS written (seq INTEGER PRIMARY KEY, body TEXT NOT NULL)",
    );
  }

  write(body: string): void {
    this.ctx.storage.sql.exec("INSERT INTO written (body) VALUES (?)", body);
  }

  writeWithAlarm(body: string): void {
    this.write(body);
    void this.ctx.storage.setAlarm(Date.now() + HOUR_MS);
  }

  /** Never due within a run. */
  override alarm(): void {}
}

async function createPair(): Promise<CryptoKeyPair> {
  const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  return pair as CryptoKeyPair; // Ed25519 makes a pair
}

/** One access token, looked at so many times. */
async function verifyTokens(count: number): Promise<void> {
  const { publicKey, privateKey } = await createPair();
  const nowMs = Date.now();
  const claims = { personId: "p" as PersonId, deviceId: "d", signedInAtMs: nowMs };
  const token = await createAccessToken({ kid: "k", privateKey }, claims, nowMs);
  const findKey = () => Promise.resolve(publicKey);
  for (let index = 0; index < count; index += 1) await verifyAccessToken(findKey, token, nowMs);
}

async function signAndVerify(count: number): Promise<void> {
  const { publicKey, privateKey } = await createPair();
  const bytes = crypto.getRandomValues(new Uint8Array(400));
  for (let index = 0; index < count; index += 1) {
    const signature = await crypto.subtle.sign("Ed25519", privateKey, bytes);
    await crypto.subtle.verify("Ed25519", publicKey, signature, bytes);
  }
}

const floor = new Hono<{ Bindings: FloorEnv }>()
  .post("/plain", (c) => c.body(null))
  .post("/access-tokens/:count", async (c) => {
    await verifyTokens(Number(c.req.param("count")));
    return c.body(null);
  })
  .post("/signatures/:count", async (c) => {
    await signAndVerify(Number(c.req.param("count")));
    return c.body(null);
  })
  .post("/write/:object", async (c) => {
    await c.env.FLOOR.getByName(c.req.param("object")).write(await c.req.text());
    return c.body(null);
  })
  .post("/write-with-alarm/:object", async (c) => {
    await c.env.FLOOR.getByName(c.req.param("object")).writeWithAlarm(await c.req.text());
    return c.body(null);
  });

// biome-ignore lint/style/noDefaultExport: workerd takes a Worker's handlers from the default export
export default floor;

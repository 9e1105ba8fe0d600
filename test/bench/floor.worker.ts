/**
 * The floor that Rockpool's figures are measured against: what workerd itself gives to a bare route, to a bare write in
 * an object, and to the same write with an alarm. Runs beside Rockpool in the same process and on the same disk.
 */
import { DurableObject } from "cloudflare:workers";
import { Hono } from "hono";

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

const floor = new Hono<{ Bindings: FloorEnv }>()
  .post("/plain", (c) => c.body(null))
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

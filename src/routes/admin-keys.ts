/** The keys of the box: what there is, a new data key, a new master key. Mounted at /keys of the admin routes. */
import { Hono } from "hono";
import * as v from "valibot";
import type { KeyStatus } from "../core/admin-protocol.ts";
import { auditEvent } from "../core/audit.ts";
import { AppError } from "../core/errors.ts";
import { recordAudit } from "../do/audit/audit-client.ts";
import { loadKeyStatus, rotateDataKey } from "../do/vault/key-admin.ts";
import { openVault } from "../do/vault/vault-client.ts";
import { actorOf } from "../http/actor.ts";
import { type HttpEnv, readJson } from "../http/middleware.ts";
import { requirePermission } from "../http/permission.ts";

const MAX_BODY_BYTES = 1024;
/** A key of 32 bytes, wrapped. */
const WRAPPED_BYTES = 40;

const masterSchema = v.strictObject({
  /** Hexadecimal: the new master key, wrapped by the present one. */
  wrapped: v.pipe(v.string(), v.regex(new RegExp(`^[0-9a-f]{${WRAPPED_BYTES * 2}}$`))),
  /** The new key's fingerprint. */
  id: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/)),
});

export const adminKeys = new Hono<HttpEnv>()
  .get("/", requirePermission("key:read"), async (c) =>
    c.json<KeyStatus>(await loadKeyStatus(c.env)),
  )
  .post("/rotate", requirePermission("key:rotate"), async (c) => {
    await rotateDataKey(c.env);
    const status = await loadKeyStatus(c.env);
    const metadata = { dataKeys: status.dataKeys };
    await recordAudit(c.env, auditEvent("key.rotated", actorOf(c), metadata));
    return c.json<KeyStatus>(status);
  })
  .post("/master", requirePermission("key:rotate"), async (c) => {
    const { wrapped, id } = await readJson(c.req.raw, masterSchema, MAX_BODY_BYTES);
    const changed = await openVault(c.env).changeMaster(Uint8Array.fromHex(wrapped), id);
    if (changed === "wrong_key") throw new AppError("crypto/wrong_master");
    await recordAudit(c.env, auditEvent("key.moved", actorOf(c), { masterKey: id }));
    return c.json<KeyStatus>(await loadKeyStatus(c.env));
  });

/**
 * What the rockpool command asks of the server. Served on the admin socket only: who can open the socket in the data
 * folder is the box's owner. The protocol is core/admin-protocol.ts.
 */
import { Hono } from "hono";
import * as v from "valibot";
import { listModelServers } from "../config/model-servers.ts";
import type { AdminStatus, PairingDecided } from "../core/admin-protocol.ts";
import { AppError } from "../core/errors.ts";
import { encodeSessionKey, NAME_PATTERN, parseAccountKey } from "../core/ids.ts";
import type { AcceptRequest } from "../core/session-protocol.ts";
import { findRoute } from "../do/delivery/routes-out.ts";
import { addAccount, removeAccount, testAccount } from "../do/directory/account-setup.ts";
import { forgetDirectory, openDirectory } from "../do/directory/directory-client.ts";
import { openModel, openOptions } from "../do/isolate.ts";
import { letGoEverybody } from "../do/session/audience.ts";
import { streamTurn } from "../do/session/event-stream.ts";
import { callSession } from "../do/session/session-client.ts";
import { actorOf } from "../http/actor.ts";
import { type HttpEnv, readJson } from "../http/middleware.ts";
import { requirePermission } from "../http/permission.ts";
import { emit } from "../observability/emit.ts";
import { phrase } from "../phrases/phrase.ts";
import { adminApiKeys } from "./admin-api-keys.ts";
import { adminAudit } from "./admin-audit.ts";
import { adminFlows } from "./admin-flows.ts";
import { adminHandovers } from "./admin-handovers.ts";
import { adminKeys } from "./admin-keys.ts";
import { adminPeople } from "./admin-people.ts";
import { adminSignIns } from "./admin-sign-ins.ts";
import { adminToolCases } from "./admin-tool-cases.ts";
import { host } from "./host.ts";

const MAX_BODY_BYTES = 256 * 1024;
const MAX_SAY_UNITS = 32_768;

const name = v.pipe(v.string(), v.regex(NAME_PATTERN));
const shortText = v.pipe(v.string(), v.maxLength(4096));
const addAccountSchema = v.strictObject({
  channel: name,
  name,
  access: v.picklist(["pairing", "allowlist", "open"]),
  transport: v.picklist(["webhook", "poll", "local"]),
  apiBase: v.optional(v.pipe(v.string(), v.url(), v.maxLength(500))),
  fields: v.record(v.string(), shortText),
  allow: v.pipe(v.array(v.pipe(v.string(), v.maxLength(200))), v.maxLength(1000)),
});
const saySchema = v.strictObject({
  text: v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_SAY_UNITS)),
});

export const admin = new Hono<HttpEnv>()
  .route("/api-keys", adminApiKeys)
  .route("/sign-ins", adminSignIns)
  .route("/keys", adminKeys)
  .route("/host", host)
  .get("/status", requirePermission("status:read"), async (c) => {
    const directory = openDirectory(c.env);
    const [{ people, pendingPairings, ownerKnown }, accounts, model, journalBacklog] =
      await Promise.all([
        directory.counts(),
        directory.accounts(),
        openModel(c.env).state(),
        c.env.JOURNAL.getByName("journal").backlog(),
      ]);
    const version = c.env.ROCKPOOL_VERSION ?? "dev";
    const options = openOptions(c.env);
    const { ROCKPOOL_PUBLIC_URL: publicUrl } = options;
    const modelUrl = listModelServers(options)[0]?.url ?? options.ROCKPOOL_MODEL_URL;
    return c.json<AdminStatus>({
      version,
      publicUrl,
      modelUrl,
      model,
      accounts,
      people,
      pendingPairings,
      journalBacklog,
      ownerKnown,
    });
  })
  .post("/leave", requirePermission("host:report"), (c) => {
    letGoEverybody();
    return c.json({ leaving: true });
  })
  .post("/owner-link", requirePermission("owner:enrol"), async (c) =>
    c.json(await openDirectory(c.env).createOwnerLink(actorOf(c))),
  )
  .get("/accounts", requirePermission("account:read"), async (c) =>
    c.json(await openDirectory(c.env).accounts()),
  )
  .post("/accounts", requirePermission("account:write"), async (c) => {
    const body = await readJson(c.req.raw, addAccountSchema, MAX_BODY_BYTES);
    const { apiBase, ...rest } = body;
    return c.json(
      await addAccount(c.env, apiBase === undefined ? rest : { ...rest, apiBase }, actorOf(c)),
      201,
    );
  })
  .delete("/accounts/:channel/:name", requirePermission("account:write"), async (c) => {
    const { channel, name: account } = c.req.param();
    await removeAccount(c.env, channel, account, actorOf(c));
    return c.json({ removed: true });
  })
  .post("/accounts/:channel/:name/test", requirePermission("account:write"), async (c) =>
    c.json(await testAccount(c.env, c.req.param("channel"), c.req.param("name"))),
  )
  .get("/pairings", requirePermission("pairing:read"), async (c) =>
    c.json(await openDirectory(c.env).pairings()),
  )
  .post(
    "/pairings/:code/:decision{approve|deny}",
    requirePermission("pairing:decide"),
    async (c) => {
      const approve = c.req.param("decision") === "approve";
      const decided = await openDirectory(c.env).decidePairing(
        c.req.param("code").toUpperCase(),
        approve,
        actorOf(c),
      );
      forgetDirectory();
      const { channel, name: account } = parseAccountKey(decided.account);
      emit({ type: approve ? "pairing:approved" : "pairing:denied", channel, account });
      const route = approve ? await findRoute(c.env, decided.account) : undefined;
      // A courtesy: the approval stands whether the greeting arrives or not.
      const greeting = {
        markdown: phrase(decided.lang, "paired"),
        idempotencyKey: `paired:${c.req.param("code")}`,
      };
      if (route)
        c.executionCtx.waitUntil(
          route.adapter
            .send(decided.target, greeting, route.account, route.io)
            .catch(() => undefined),
        );
      const answer: PairingDecided = {
        channel,
        account,
        senderName: decided.senderName,
        decision: approve ? "approved" : "denied",
      };
      return c.json(answer);
    },
  )
  .route("/audit", adminAudit)
  .route("/flows", adminFlows)
  .route("/handovers", adminHandovers)
  .route("/people", adminPeople)
  .route("/tool-cases", adminToolCases)
  .post("/say", requirePermission("owner:speak"), async (c) => {
    const { text } = await readJson(c.req.raw, saySchema, MAX_BODY_BYTES);
    const owner = await openDirectory(c.env).ensureOwner();
    const session = encodeSessionKey({ channel: "web", account: "main", conversation: owner.id });
    const conversation = { id: owner.id, kind: "direct" as const };
    const id = crypto.randomUUID();
    const request: AcceptRequest = {
      session,
      account: "web:main" as AcceptRequest["account"], // the web chat's own account, which needs no adding
      speaker: { personId: owner.id, role: owner.role, name: owner.name, lang: owner.lang },
      event: {
        kind: "message",
        key: id,
        message: {
          id,
          atMs: Date.now(),
          conversation,
          sender: { id: owner.id, name: owner.name },
          text: text.toWellFormed(),
          mentionsMe: true,
          media: [],
          target: { conversation },
        },
      },
    };
    const { result: accepted } = await callSession(c.env, session, (stub) => stub.accept(request));
    if (accepted.status === "full")
      throw new AppError("session/queue_full", { retryAfterMs: accepted.retryAfterMs });
    const event = { account: request.account, key: id };
    const { stream } = await streamTurn(c.env, session, event, c.req.raw.signal);
    return new Response(stream, { headers: { "content-type": "text/event-stream" } });
  });

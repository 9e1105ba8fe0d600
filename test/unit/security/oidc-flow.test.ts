import { describe, it } from "vitest";
import { openBoxSecret } from "../../../src/security/box-secret.ts";
import {
  createFlowHead,
  deriveFlow,
  FLOW_MS,
  verifyFlow,
} from "../../../src/security/oidc-flow.ts";

const NOW_MS = Date.UTC(2026, 10, 21);
const secret = await openBoxSecret("0f".repeat(32));
const head = createFlowHead(NOW_MS);
const { state } = await deriveFlow(secret, "link:ada", head);

describe("the way to the provider", () => {
  it("is the same at both ends, for ten minutes", async ({ expect }) => {
    const flow = await deriveFlow(secret, "link:ada", head);
    const shown = { head, state };
    expect(FLOW_MS).toBe(600_000);
    expect(await verifyFlow(secret, "link:ada", shown, NOW_MS + FLOW_MS - 1)).toEqual({
      ...flow,
      expiresAtMs: NOW_MS + FLOW_MS,
    });
    expect(await verifyFlow(secret, "link:ada", shown, NOW_MS + FLOW_MS)).toBeUndefined();
    // A clock that was set back far revives none.
    expect(await verifyFlow(secret, "link:ada", shown, NOW_MS - FLOW_MS - 1)).toBeUndefined();
  });

  it("tells the page what it is for, and PKCE's verifier to nobody", async ({ expect }) => {
    const flow = await deriveFlow(secret, "sign-in", head);
    expect(flow.state).toMatch(/^sign-in\.[\w-]{43}$/);
    expect(state).toMatch(/^link\.[\w-]{43}$/);
    expect(flow.verifier).toMatch(/^[\w-]{43}$/);
    expect(new Set([...Object.values(flow), head]).size).toBe(5);
    expect(`${flow.state}${flow.nonce}${flow.challenge}${head}`).not.toContain(flow.verifier);
  });

  it("is no other's: not of another browser, purpose, person, box or form", async ({ expect }) => {
    const find = (purpose: string, shown: object, key = secret) =>
      verifyFlow(key, purpose, { head, state, ...shown }, NOW_MS);
    const stranger = await openBoxSecret("0e".repeat(32));
    expect(await find("link:ada", {})).toBeDefined();
    expect(await find("link:eve", {})).toBeUndefined();
    expect(await find("sign-in", {})).toBeUndefined();
    expect(await find("link:ada", {}, stranger)).toBeUndefined();
    expect(await find("link:ada", { head: createFlowHead(NOW_MS) })).toBeUndefined();
    const later = head.replace(/^\d+/, String(NOW_MS + FLOW_MS + 1));
    for (const bad of ["", "x", later, `${head}.`, `${head}\n`])
      expect(await find("link:ada", { head: bad }), bad).toBeUndefined();
    for (const bad of ["", "link.", `${state}x`, state.slice(0, -1)])
      expect(await find("link:ada", { state: bad }), bad).toBeUndefined();
  });
});

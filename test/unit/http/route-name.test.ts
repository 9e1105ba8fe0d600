/** What becomes a label of a metric is one of few. */
import fc from "fast-check";
import { describe, it } from "vitest";
import { routeName } from "../../../src/http/route-name.ts";

describe("the name of a route", () => {
  it.for([
    ["/webhooks/telegram/main", "/webhooks"],
    ["/v1/chat/completions", "/v1/chat"],
    ["/v1/models/a/b", "/v1/models"],
    ["/v1/other", "/v1"],
    ["/api/chat/files/1", "/api/chat"],
    ["/api/me", "/api/session"],
    ["/people/42", "/people"],
    ["/", "/"],
    ["/wp-admin", "/"],
  ] as const)("leaves out what differs: %s", ([path, name], { expect }) => {
    expect(routeName(path)).toBe(name);
  });

  it("is one of thirty at most, whatever is asked for", ({ expect }) => {
    const names = new Set<string>();
    const step = fc.oneof(fc.constantFrom("v1", "api", "chat", "models", "webhooks"), fc.string());
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        names.add(routeName(`/${steps.join("/")}`));
      }),
      { numRuns: 5_000 },
    );
    expect(names.size).toBeLessThanOrEqual(30);
  });
});

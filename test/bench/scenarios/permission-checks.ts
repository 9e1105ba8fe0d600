/** What it costs to ask whether a caller may do something: the role, and the scope of an API key. */
import { API_SCOPES } from "../../../src/core/api-keys.ts";
import { verifyAllowed, verifyScope } from "../../../src/security/permissions.ts";
import { atMost, type Figure } from "../figures.ts";

const CHECKS = 200_000;

export async function measurePermissionChecks(): Promise<Figure[]> {
  check(CHECKS / 10);
  const beganMs = performance.now();
  check(CHECKS);
  const value = ((performance.now() - beganMs) * 1_000) / CHECKS;
  const what = "a permission checked, scope of a key included";
  return [{ what, value, unit: "µs", target: atMost("value", 20) }];
}

function check(times: number): void {
  for (let index = 0; index < times; index += 1) {
    verifyScope(API_SCOPES, "api:embed");
    verifyAllowed("auditor", "api:embed");
  }
}

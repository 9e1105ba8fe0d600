/** How fast an export of the audit log is verified, on the host and with the public key alone. */
import { verifyStream } from "../../../local-runtime/audit/verify-stream.ts";
import { SignedLog } from "../../support/signed-log.ts";
import { clockMs } from "../clock.ts";
import { atLeast, type Figure } from "../figures.ts";
import type { Plan } from "../plan.ts";

export async function measureAudit({ auditEntries }: Plan): Promise<Figure[]> {
  const log = new SignedLog();
  for (let index = 0; index < auditEntries; index += 1)
    log.add({ userId: "u1", ip: "192.0.2.7", metadata: { name: "laptop", index } });
  const bytes = log.export();
  const startedAtMs = clockMs();
  const { ok, entries } = await verifyStream([bytes], { publicKey: log.publicKey });
  const seconds = (clockMs() - startedAtMs) / 1_000;
  if (!ok) throw new Error("The log that was measured is not whole.");
  const value = entries / seconds;
  return [
    { what: "audit log verified", value, unit: "entries/s", target: atLeast("value", 20_000) },
  ];
}

/** What an entry of the audit log costs, signed and on the disk; and how fast an export is verified, with the public key alone. */
import { verifyStream } from "../../../local-runtime/audit/verify-stream.ts";
import { SignedLog } from "../../support/signed-log.ts";
import type { Bench } from "../bench.ts";
import { clockMs } from "../clock.ts";
import { atLeast, atMost, type Figure } from "../figures.ts";
import type { Plan } from "../plan.ts";
import { WrongMeasurement } from "../wrong-measurement.ts";

export async function measureAuditAppend(bench: Bench, { auditAppends }: Plan): Promise<Figure[]> {
  const box = await bench.startAuditor();
  const time = async (entries: number): Promise<number> => {
    const beganMs = clockMs();
    const response = await fetch(`${box.url}/?entries=${entries}`);
    if (response.status !== 200) throw new WrongMeasurement(`The audit log: ${response.status}`);
    return clockMs() - beganMs;
  };
  try {
    await time(auditAppends / 10); // the key, and code that is warm
    const emptyMs = await time(0);
    const value = ((await time(auditAppends)) - emptyMs) / auditAppends;
    return [{ what: "audit entry appended", value, unit: "ms", target: atMost("value", 2) }];
  } finally {
    await box.stop();
  }
}

export async function measureAuditVerify({ auditEntries }: Plan): Promise<Figure[]> {
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

/** Says in words for people why workerd did not start, from what it wrote to standard error. */
import { EXIT, HostError } from "./host-error.ts";

export interface Listening {
  host: string;
  port: number;
}

/** Lines of workerd's own words that go into an error. */
const MAX_QUOTED_LINES = 3;

export function explainStartFailure(stderr: string, { host, port }: Listening): HostError {
  if (/Socket "http": .*Address already in use/.test(stderr))
    return new HostError({
      code: "server/port_taken",
      message: `Port ${port} of ${host} is taken by another program.`,
      fix: `Choose another port (PORT=${port === 65535 ? port - 1 : port + 1} npm start), or stop that program.`,
      exitStatus: EXIT.unavailable,
    });
  if (/Socket "http": .*Permission denied/.test(stderr))
    return new HostError({
      code: "server/port_forbidden",
      message: `This user may not listen on port ${port}.`,
      fix: "Set PORT to 1024 or more, and put a reverse proxy in front of it.",
      exitStatus: EXIT.permission,
    });
  if (/Socket "http": .*(Cannot assign requested address|DNS lookup failed)/i.test(stderr))
    return new HostError({
      code: "server/host_unknown",
      message: `HOST is no address of this machine (${host}).`,
      fix: "Set HOST to 127.0.0.1, to 0.0.0.0 (all addresses), or to one that `ip address` shows.",
      exitStatus: EXIT.config,
    });
  if (/No space left on device|disk is full/i.test(stderr))
    return new HostError({
      code: "data/disk_full",
      message: "The disk of the data folder is full.",
      fix: "Free some space (df -h shows how much is left), then start again. Nothing stored is lost.",
      exitStatus: EXIT.cannotCreate,
    });
  const lines = stderr.trim().split("\n").slice(0, MAX_QUOTED_LINES).join(" / ");
  return new HostError({
    code: "workerd/start_failed",
    message: `workerd did not start: ${lines || "it said nothing"}.`,
    fix: "Run `npx rockpool doctor`; if it finds nothing, report the line above.",
    exitStatus: EXIT.software,
  });
}

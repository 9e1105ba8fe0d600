/** `rockpool version`. */
import type { Command } from "commander";
import type { Shell } from "../shell.ts";
import { rockpoolVersion, workerdVersion } from "../versions.ts";

export function defineCommand(command: Command, shell: Shell): void {
  command.action(() => {
    const rockpool = rockpoolVersion(shell.root);
    const workerd = workerdVersion(shell.root);
    const node = process.versions.node;
    shell.print(`rockpool ${rockpool}\nworkerd ${workerd}\nnode ${node}`);
    shell.printJson({ rockpool, workerd, node });
  });
}

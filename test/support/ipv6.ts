/** Whether this machine has the loopback address of IPv6: some containers have not. */
import { networkInterfaces } from "node:os";

export const HAS_IPV6_LOOPBACK = Object.values(networkInterfaces())
  .flat()
  .some((address) => address?.address === "::1");

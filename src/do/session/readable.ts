/** Opens sealed things one after the other: what was erased is left out, what was changed on disk is counted. */
import { errorCode } from "../../core/errors.ts";

export class Readable {
  /** Things that are there and do not open. */
  unreadable = 0;

  /** Undefined for what does not open. Throws what is no fault of the thing itself. */
  async open<Value>(opening: Promise<Value>): Promise<Value | undefined> {
    try {
      return await opening;
    } catch (error) {
      const code = errorCode(error);
      if (code === "crypto/cannot_open") this.unreadable += 1;
      else if (code !== "crypto/erased") throw error;
      return undefined;
    }
  }
}

/** Rockpool with another front: it seals and opens values of 1 KB, each under the keys of a person, and says when it is done. */
import type { PersonId } from "../../src/core/ids.ts";
import { openKeyring } from "../../src/do/isolate.ts";
import type { Env } from "../../src/env.ts";

export * from "../../src/index.ts";

const VALUE = new Uint8Array(1024).fill(97);
const PERSON = "bench" as PersonId; // nobody: the vault makes a key for any id

/** The clock of a Worker stands still while it works: who calls takes the time. */
const sealer: ExportedHandler<Env> = {
  async fetch(request, env) {
    const values = Number(new URL(request.url).searchParams.get("values"));
    const keyring = await openKeyring(env);
    for (let index = 0; index < values; index += 1) {
      const place = `messages|web:main:bench|${index}`;
      await keyring.open(place, await keyring.seal(place, VALUE, PERSON));
    }
    return new Response("done");
  },
};

// biome-ignore lint/style/noDefaultExport: workerd takes a Worker's handlers from the default export
export default sealer;

/** Asks what a server may not know the path of: no answer is an answer, too. */
import type * as v from "valibot";
import { requestJson, type ServerAddress } from "../request.ts";

/** Undefined where the server fails or answers in another form. Throws the signal's reason only. */
export async function askIfKnown<const Schema extends v.GenericSchema>(
  server: ServerAddress,
  path: `/${string}`,
  schema: Schema,
  signal: AbortSignal,
): Promise<v.InferOutput<Schema> | undefined> {
  try {
    return await requestJson(server, { path }, schema, signal);
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

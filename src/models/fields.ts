/** What schemas of all model servers are made of: bounded names, counts, and lists that survive a bad entry. */
import * as v from "valibot";

/** More models of one server than these are not listed. */
export const MAX_MODELS = 256;
const MAX_NAME_UNITS = 256;
const MAX_CAPABILITIES = 32;
/** Tool calls in one message; a model that wishes for more has lost its way. */
export const MAX_TOOL_CALLS = 32;

export const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
export const name = v.pipe(v.string(), v.nonEmpty(), v.maxLength(MAX_NAME_UNITS));
export const label = v.pipe(v.string(), v.maxLength(MAX_NAME_UNITS));
export const capabilities = v.pipe(v.array(label), v.maxLength(MAX_CAPABILITIES));

/** Numbers of one embedding. */
const MAX_DIMENSIONS = 16_384;

export const vector = v.pipe(
  v.array(v.pipe(v.number(), v.finite())),
  v.nonEmpty(),
  v.maxLength(MAX_DIMENSIONS),
);

/** A list whose entries stand alone: one that is not of the form hides no other. */
export function listOf<const Entry extends v.GenericSchema>(entry: Entry) {
  return v.pipe(
    v.nullish(v.array(v.unknown()), []),
    v.transform((items) =>
      items.slice(0, MAX_MODELS).flatMap((item) => {
        const parsed = v.safeParse(entry, item);
        return parsed.success ? [parsed.output] : [];
      }),
    ),
  );
}

/** An error as servers write it: a sentence, or an object that holds one. */
export const errorText = v.union([
  v.string(),
  v.pipe(
    v.object({ message: v.string() }),
    v.transform(({ message }) => message),
  ),
]);

/** The body of an answer that failed. Some servers leave the `error` around it out. */
export const errorSchema = v.union([
  v.pipe(
    v.object({ error: errorText }),
    v.transform(({ error }) => error),
  ),
  v.pipe(
    v.object({ message: v.string() }),
    v.transform(({ message }) => message),
  ),
]);

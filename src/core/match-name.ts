/** Names that are written almost right: by a model, those of tools and of their arguments; by people, those of options. Pure. */

/** Letters that may differ in a name. */
const MAX_DISTANCE = 2;
/** Shorter names must be right: half of their letters could be others. */
const MIN_FUZZY_UNITS = 5;
/** A longer name is no slip of a short one. */
const MAX_NAME_UNITS = 64;

function bare(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}

/** The only one of `names` that `given` can mean: itself, itself in another spelling, or the nearest by a slip or two. */
export function matchName(given: string, names: readonly string[]): string | undefined {
  if (names.includes(given)) return given;
  if (given.length > MAX_NAME_UNITS) return undefined;
  const last = given.split(/[./:]/).at(-1) ?? given;
  const same = names.filter((name) => bare(name) === bare(given) || bare(name) === bare(last));
  if (same.length > 0) return same.length === 1 ? same[0] : undefined;
  return nearest(bare(last), names);
}

function nearest(given: string, names: readonly string[]): string | undefined {
  if (given.length < MIN_FUZZY_UNITS) return undefined;
  const near = names
    .map((name) => ({ name, distance: distanceOf(given, bare(name)) }))
    .filter(
      ({ name, distance }) => distance <= MAX_DISTANCE && bare(name).length >= MIN_FUZZY_UNITS,
    )
    .sort((a, b) => a.distance - b.distance);
  const [best, second] = near;
  return best && best.distance !== second?.distance ? best.name : undefined;
}

/** Letters put in, left out or changed (Levenshtein). */
function distanceOf(from: string, to: string): number {
  if (Math.abs(from.length - to.length) > MAX_DISTANCE) return MAX_DISTANCE + 1;
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [at, letter] of [...from].entries()) {
    const next = [at + 1];
    for (const [index, other] of [...to].entries())
      next.push(
        Math.min(
          (row[index + 1] ?? 0) + 1,
          (next[index] ?? 0) + 1,
          (row[index] ?? 0) + (letter === other ? 0 : 1),
        ),
      );
    row = next;
  }
  return row[to.length] ?? MAX_DISTANCE + 1;
}

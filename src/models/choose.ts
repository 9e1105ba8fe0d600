/** Which model `auto` means. Pure. */
import type { InstalledModel } from "../core/ports.ts";

/** What the choice depends on. */
type Candidate = Pick<InstalledModel, "name" | "sizeBytes" | "capabilities">;

/** The share of the box's memory that a model's file may take: the rest is for its context and for everything else. */
const MEMORY_SHARE = 0.5;

/** Models that only pass a chat on to somebody else's machine are named so. */
export function isRemoteName(name: string): boolean {
  return name.toLowerCase().endsWith("cloud");
}

/** A server too old to state capabilities leaves them empty: such a model counts as able to answer. */
function canAnswer(model: Candidate): boolean {
  return model.capabilities.length === 0 || model.capabilities.includes("completion");
}

function byName(a: Candidate, b: Candidate): number {
  return a.name < b.name ? -1 : 1;
}

function listAble<Model extends Candidate>(installed: readonly Model[]): Model[] {
  return installed.filter((model) => canAnswer(model) && !isRemoteName(model.name));
}

/** The smallest local model that can answer; one whose size nobody states comes after those of a known size. */
export function pickSmallest<Model extends Candidate>(
  installed: readonly Model[],
): Model | undefined {
  const size = ({ sizeBytes }: Candidate) => sizeBytes || Number.MAX_VALUE;
  return listAble(installed).toSorted((a, b) => size(a) - size(b) || byName(a, b))[0];
}

/**
 * The largest local model that can answer and whose file fits into half of the memory; where none fits, the smallest;
 * of two equal ones the first by name. Undefined where none is installed.
 */
export function pickLargest<Model extends Candidate>(
  installed: readonly Model[],
  memoryBytes: number,
): Model | undefined {
  const able = listAble(installed);
  const fitting = able.filter((model) => model.sizeBytes <= memoryBytes * MEMORY_SHARE);
  const [largest] = fitting.toSorted((a, b) => b.sizeBytes - a.sizeBytes || byName(a, b));
  return largest ?? pickSmallest(able);
}

export function chooseModel(
  installed: readonly Candidate[],
  memoryBytes: number,
): string | undefined {
  return pickLargest(installed, memoryBytes)?.name;
}

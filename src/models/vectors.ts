/** What a server answers to texts that are to become vectors: bounded, and one vector for each text. */
import { brokenStream } from "./failures.ts";

/** Of the vectors of one call: 256 texts with 4,096 dimensions each, and more. */
export const MAX_VECTORS_BYTES = 32 * 1024 * 1024;

/** Throws model/broken_stream where a vector is missing or of another length. */
export function verifyVectors(vectors: number[][], texts: number): number[][] {
  const isWhole =
    vectors.length === texts && vectors.every((vector) => vector.length === vectors[0]?.length);
  if (!isWhole)
    throw brokenStream("The model server did not answer with one vector for each text.");
  return vectors;
}

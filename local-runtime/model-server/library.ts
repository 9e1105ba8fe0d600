/**
 * `<data>/models.json`: the models that the built-in server serves, and which model and server were chosen with
 * `rockpool model use`. Files that were pulled are kept in <data>/models; a file that a person gave stays where it is.
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import * as v from "valibot";
import { writeFileAtomic } from "../atomic-file.ts";
import { type DataFolder, explainFileErrors } from "../data-folder.ts";
import { EXIT, HostError, systemCode } from "../host-error.ts";

export const MAX_LIBRARY_MODELS = 64;

/** As model servers name models: a name, and a tag after a colon. */
const NAME_PATTERN = /^[a-z0-9][a-z0-9._-]{0,79}(:[a-z0-9][a-z0-9._-]{0,39})?$/;

const NameSchema = v.pipe(
  v.string(),
  v.regex(NAME_PATTERN, "a name such as qwen3:4b is expected"),
  // The Worker takes such a name for a model that runs elsewhere.
  v.check((name) => !name.endsWith("cloud"), "a name must not end with cloud"),
);

const ModelSchema = v.strictObject({
  name: NameSchema,
  /** Absolute, or below <data>/models. */
  file: v.pipe(v.string(), v.nonEmpty(), v.maxLength(4_096)),
  /** Where it was verified. */
  sha256: v.exactOptional(
    v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits are expected")),
  ),
});

const LibrarySchema = v.strictObject({
  models: v.pipe(v.array(ModelSchema), v.maxLength(MAX_LIBRARY_MODELS)),
  chosen: v.exactOptional(
    v.strictObject({
      server: v.picklist(["builtin", "ollama"]),
      name: v.pipe(v.string(), v.nonEmpty(), v.maxLength(256)),
    }),
  ),
});

export type LibraryModel = v.InferOutput<typeof ModelSchema>;
export type Library = v.InferOutput<typeof LibrarySchema>;
export type ServerKind = NonNullable<Library["chosen"]>["server"];

export function isModelName(name: string): boolean {
  return v.safeParse(NameSchema, name).success;
}

/** Throws model/library_unreadable. Empty where there is no file. */
export function loadLibrary(folder: DataFolder): Library {
  const parsed = v.safeParse(LibrarySchema, readLibrary(folder));
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw unreadable(folder, `${v.getDotPath(issue) ?? "file"}: ${issue.message}`);
}

/** Throws model/too_many when there would be more than {@link MAX_LIBRARY_MODELS}. */
export function writeLibrary(folder: DataFolder, library: Library): void {
  if (library.models.length > MAX_LIBRARY_MODELS)
    throw new HostError({
      code: "model/too_many",
      message: `The built-in server keeps ${MAX_LIBRARY_MODELS} models at most.`,
      fix: "Remove one first: `npx rockpool model remove <name>`.",
    });
  explainFileErrors(folder.root, () =>
    writeFileAtomic(folder.modelLibrary, `${JSON.stringify(library, undefined, 2)}\n`),
  );
}

/** A model with a name that is there takes its place. */
export function withModel(library: Library, model: LibraryModel): Library {
  return {
    ...library,
    models: [...library.models.filter(({ name }) => name !== model.name), model],
  };
}

/** A name without a tag also means `:latest`. */
export function findModel(library: Library, name: string): LibraryModel | undefined {
  const names = [name, `${name}:latest`, name.replace(/:latest$/, "")];
  return library.models.find((model) => names.includes(model.name));
}

export function modelFile(folder: DataFolder, model: Pick<LibraryModel, "file">): string {
  return resolve(folder.models, model.file);
}

function readLibrary(folder: DataFolder): unknown {
  try {
    return JSON.parse(readFileSync(folder.modelLibrary, "utf8"));
  } catch (error) {
    if (systemCode(error) === "ENOENT") return { models: [] };
    if (error instanceof SyntaxError) throw unreadable(folder, "it is not JSON");
    throw unreadable(folder, "it cannot be read");
  }
}

function unreadable(folder: DataFolder, what: string): HostError {
  return new HostError({
    code: "model/library_unreadable",
    message: `${folder.modelLibrary} is wrong: ${what}.`,
    fix: "Remove it and choose the model again with `npx rockpool model use`. Model files are not touched.",
    exitStatus: EXIT.config,
  });
}

/** The models that can be served now, with the facts of each file; read again when the file changes. */
import { statSync } from "node:fs";
import type { ServedModel } from "./answers.ts";
import { type ModelFacts, readModelFacts } from "./model-facts.ts";

export interface ShelfModel extends ServedModel {
  facts: ModelFacts;
  modifiedAtMs: number;
}

export class ModelShelf {
  readonly #list: () => ServedModel[];
  /** By the file's path; no more than the library has models. */
  readonly #known = new Map<string, ShelfModel>();

  /** `list` answers what the library holds at that moment. */
  constructor(list: () => ServedModel[]) {
    this.#list = list;
  }

  /** Without those whose file is gone or is no model. */
  all(): ShelfModel[] {
    return this.#list().flatMap((model) => this.#look(model) ?? []);
  }

  /** A name without a tag also means `:latest`. */
  find(name: string): ShelfModel | undefined {
    const plain = name.replace(/:latest$/, "");
    const model = this.#list().find((item) => item.name.replace(/:latest$/, "") === plain);
    return model && this.#look(model);
  }

  #look(model: ServedModel): ShelfModel | undefined {
    try {
      const { mtimeMs, size } = statSync(model.file);
      const known = this.#known.get(model.file);
      if (known?.modifiedAtMs === mtimeMs && known.facts.sizeBytes === size)
        return { ...known, ...model };
      const found = { ...model, facts: readModelFacts(model.file), modifiedAtMs: mtimeMs };
      this.#known.set(model.file, found);
      return found;
    } catch {
      this.#known.delete(model.file);
      return undefined; // gone, cut or replaced by something else: `rockpool doctor` says so
    }
  }
}

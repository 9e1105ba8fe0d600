/**
 * Which model server answers, and which model: the one rule. The address: ROCKPOOL_MODEL_URL where it is set; else the
 * built-in server where `rockpool model use` chose a model of it; else Ollama's own address. The model: ROCKPOOL_MODEL
 * where it names one; else the chosen one; else the server's best. Pure.
 */
import type { Options } from "../../src/config/options.ts";
import { findModel, type Library, type LibraryModel } from "./library.ts";

const AUTO = "auto";

export interface ModelChoice {
  options: Options;
  /** The model that the built-in server is started for; undefined where another server answers. */
  builtin: LibraryModel | undefined;
}

export interface ChoiceFacts {
  options: Options;
  /** Whether ROCKPOOL_MODEL_URL was set by the owner. */
  modelUrlGiven: boolean;
  library: Library;
  /** Where the built-in server listens, or will. */
  builtinUrl: string;
}

export function decideModel(facts: ChoiceFacts): ModelChoice {
  const { options, library } = facts;
  const builtin = decideBuiltin(facts);
  const chosen = builtin?.name ?? chosenOfOllama(library);
  const named = options.ROCKPOOL_MODEL === AUTO ? (chosen ?? AUTO) : options.ROCKPOOL_MODEL;
  return {
    options: {
      ...options,
      ROCKPOOL_MODEL: named,
      ...(builtin ? { ROCKPOOL_MODEL_URL: facts.builtinUrl } : {}),
    },
    builtin,
  };
}

/** The built-in server's model that is to answer; undefined where another server does. */
export function decideBuiltin({
  modelUrlGiven,
  library,
}: Pick<ChoiceFacts, "modelUrlGiven" | "library">): LibraryModel | undefined {
  const { chosen } = library;
  if (modelUrlGiven || chosen?.server !== "builtin") return undefined;
  return findModel(library, chosen.name);
}

function chosenOfOllama({ chosen }: Library): string | undefined {
  return chosen?.server === "ollama" ? chosen.name : undefined;
}

/**
 * Models that the built-in server can pull by name: small ones that follow instructions, each at one exact revision.
 * Sizes and hashes are those that several independent publications state of these files; a download is held to them.
 */

/** When the list was last looked through. */
export const CATALOGUE_DATE = "2026-11-21";

export interface CatalogueModel {
  name: string;
  url: string;
  sizeBytes: number;
  sha256: string;
  licence: string;
  doc: string;
}

const HUB = "https://huggingface.co";

/** The smallest first. */
export const MODEL_CATALOGUE: readonly CatalogueModel[] = [
  {
    name: "qwen3:0.6b",
    url: `${HUB}/unsloth/Qwen3-0.6B-GGUF/resolve/50968a4468ef4233ed78cd7c3de230dd1d61a56b/Qwen3-0.6B-Q4_K_M.gguf`,
    sizeBytes: 396_705_472,
    sha256: "ac2d97712095a558e31573f62f466a3f9d93990898b0ec79d7c974c1780d524a",
    licence: "Apache-2.0",
    doc: "short answers on the smallest boxes",
  },
  {
    name: "qwen3:1.7b",
    url: `${HUB}/unsloth/Qwen3-1.7B-GGUF/resolve/d7f544eead698dbd1f15126ef60b45a1e1933222/Qwen3-1.7B-Q4_K_M.gguf`,
    sizeBytes: 1_107_409_472,
    sha256: "b139949c5bd74937ad8ed8c8cf3d9ffb1e99c866c823204dc42c0d91fa181897",
    licence: "Apache-2.0",
    doc: "a box with 4 GB of memory",
  },
  {
    name: "qwen3:4b-instruct",
    url: `${HUB}/bartowski/Qwen_Qwen3-4B-Instruct-2507-GGUF/resolve/ae44f08e1392f39c0e474af10c3ff8355c8b6688/Qwen_Qwen3-4B-Instruct-2507-Q4_K_M.gguf`,
    sizeBytes: 2_497_280_736,
    sha256: "2fde00ce69dd4899c70d020845e2638353015bba0fdf161b3eb965f2bca4464e",
    licence: "Apache-2.0",
    doc: "a box with 8 GB of memory",
  },
  {
    name: "qwen3:8b",
    url: `${HUB}/Qwen/Qwen3-8B-GGUF/resolve/7c41481f57cb95916b40956ab2f0b139b296d974/Qwen3-8B-Q4_K_M.gguf`,
    sizeBytes: 5_027_783_488,
    sha256: "d98cdcbd03e17ce47681435b5150e34c1417f50b5c0019dd560e4882c5745785",
    licence: "Apache-2.0",
    doc: "a box with 16 GB of memory and patience",
  },
];

export function findInCatalogue(name: string): CatalogueModel | undefined {
  return MODEL_CATALOGUE.find((model) => model.name === name);
}

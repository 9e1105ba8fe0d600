/** All cases of the evaluation, numbered from 1: tool choice and arguments, in English and Chinese. */
import { CHINESE_CASES } from "./chinese-cases.ts";
import { ENGLISH_CASES } from "./english-cases.ts";
import type { ToolCase } from "./tool-case.ts";

export interface NumberedCase extends ToolCase {
  number: number;
  lang: "en" | "zh";
}

export const TOOL_CASES: readonly NumberedCase[] = [
  ...ENGLISH_CASES.map((item) => ({ ...item, lang: "en" as const })),
  ...CHINESE_CASES.map((item) => ({ ...item, lang: "zh" as const })),
].map((item, index) => ({ ...item, number: index + 1 }));

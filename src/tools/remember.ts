/** The tool that keeps a fact for the person who speaks. */
import * as v from "valibot";
import { MAX_FACT_UNITS, MAX_FACTS } from "../core/memory.ts";
import { defineTool, ToolRefusal } from "./tool.ts";

export const remember = defineTool({
  name: "remember",
  description: "Keeps a lasting fact about the user, when they ask for it or tell one.",
  properties: { fact: { type: "string", description: "One short sentence." } },
  required: ["fact"],
  schema: v.object({
    fact: v.pipe(
      v.string(),
      v.trim(),
      v.nonEmpty("The fact is empty."),
      v.maxLength(MAX_FACT_UNITS, "The fact is too long: say it shorter."),
    ),
  }),
  permission: "memory:use",
  hints:
    /\b(?:remember|memori[sz]e|keep in mind|don't forget|do not forget|note that|my name is|call me|i(?:'m| am) allergic|i live in|i prefer|my (?:birthday|favou?rite))\b|记住|记得|记一下|记下|别忘|我叫|我住|我喜欢|我的生日|我对.{1,10}过敏/i,
  isPrivate: true,
  async run({ fact }, { memory, callKey }) {
    const remembered = await memory.remember(callKey, fact.toWellFormed());
    if (remembered.status === "full")
      throw new ToolRefusal(
        `The memory is full (${MAX_FACTS} facts). Tell the user to erase some with /memory.`,
      );
    return remembered.status === "known" ? "This was known already." : "Remembered.";
  },
});

/** The tool that works out sums. Decimals are loaded with the first one. */
import * as v from "valibot";
import { defineTool, ToolRefusal } from "./tool.ts";

export const calculator = defineTool({
  name: "calculator",
  description: "Works out arithmetic exactly. Use it for every calculation.",
  properties: {
    expression: {
      type: "string",
      description: "Such as (12.5 + 3) * 4, 2^10, 15% * 240, sqrt(2). No units.",
    },
  },
  required: ["expression"],
  schema: v.object({
    expression: v.pipe(v.string(), v.trim(), v.nonEmpty()),
  }),
  permission: "chat:use",
  hints:
    /\d\s*[-+*/×÷^%=]\s*\d|\d\s*%|[√π]|\b(?:calculat\w*|comput(?:e|ing)|add up|sum of|\d+ (?:times|plus|minus|divided by)|multipl\w*|percent\w*|square root|average of|in total|how (?:much|many))\b|计算|算[一出下]|等于|[加减乘除]以?\s*\d|百分之|平方|平均|总共|一共|多少/i,
  async run({ expression }) {
    const { ArithmeticFault, calculate } = await import("./arithmetic.ts");
    try {
      return `${expression} = ${calculate(expression)}`;
    } catch (error) {
      if (error instanceof ArithmeticFault) throw new ToolRefusal(error.message);
      throw error;
    }
  },
});

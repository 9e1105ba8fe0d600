/** The evaluation of a model's tool calls, as the command and the server speak of it. Pure types. */

/** POST /tool-cases/<number> of the admin socket answers one; `?model=` names another model than the box's own. */
export interface ToolCaseResult {
  number: number;
  lang: "en" | "zh";
  text: string;
  /** The right tool, or `none` for an answer in words. */
  tool: string;
  /** What the model called first. */
  called: string;
  isToolRight: boolean;
  /** False where the tool is wrong. */
  areArgumentsRight: boolean;
  model: string;
  ms: number;
}

/** GET /tool-cases */
export interface ToolCaseCount {
  count: number;
}

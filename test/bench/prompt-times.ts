/** What building one prompt takes inside workerd. */
export interface PromptTimes {
  /** Past turns read, opened and rendered. */
  coldMs: number;
  /** With the turns still in memory. */
  warmMs: number;
}

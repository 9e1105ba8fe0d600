/** Which key press sends the message. Pure. */

/** What some browsers report for a key that an input method takes, in place of isComposing. */
const COMPOSING_KEY_CODE = 229;

export interface KeyPress {
  key: string;
  shiftKey: boolean;
  isComposing: boolean;
  keyCode: number;
}

/** Enter without Shift; not the Enter that ends a word of an input method. */
export function isSendKey({ key, shiftKey, isComposing, keyCode }: KeyPress): boolean {
  return key === "Enter" && !shiftKey && !isComposing && keyCode !== COMPOSING_KEY_CODE;
}

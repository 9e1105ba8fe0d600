/** Text of any code units at all, lone surrogates too. fast-check's own "binary" unit takes seconds to begin. */
import fc from "fast-check";

export function anyText(minUnit = 0, maxUnit = 0xffff, maxLength = 20): fc.Arbitrary<string> {
  return fc
    .array(fc.integer({ min: minUnit, max: maxUnit }), { maxLength })
    .map((units) => String.fromCharCode(...units));
}

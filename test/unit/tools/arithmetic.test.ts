import fc from "fast-check";
import { describe, it } from "vitest";
import { ArithmeticFault, calculate, MAX_EXPRESSION_UNITS } from "../../../src/tools/arithmetic.ts";

function faultOf(expression: string): string {
  try {
    return calculate(expression);
  } catch (error) {
    if (!(error instanceof ArithmeticFault)) throw error;
    return error.message;
  }
}

describe("calculate", () => {
  it.for<[string, string]>([
    ["1 + 2 * 3", "7"],
    ["(1 + 2) * 3", "9"],
    ["-2^2", "-4"],
    ["2^-1", "0.5"],
    ["2^3^2", "512"],
    ["2**10", "1024"],
    ["10 - 4 - 3", "3"],
    ["0.1 + 0.2", "0.3"],
    ["123456789 * 987654321", "121932631112635269"],
    ["1/3", "0.333333333333"],
    ["1/3*3", "1"],
    ["15% * 240", "36"],
    ["50 % 3", "2"],
    ["5!", "120"],
    ["sqrt(2)", "1.414213562373"],
    ["√9 + 1", "4"],
    ["1,000,000 / 4", "250000"],
    ["max(1, 2,300)", "300"],
    ["sin(pi)", "0"],
    ["log(1000) + ln(e)", "4"],
    ["100!", "9.33262154439e+157"],
    ["１２＋３＝", "15"],
    ["12 × 3 ÷ 4 − 1 =", "8"],
    [".5 + 1e3", "1000.5"],
    ["1e-20", "1e-20"],
  ])("of %s is %s", ([expression, value], { expect }) => {
    expect(calculate(expression)).toBe(value);
  });

  it.for<[string, string]>([
    ["", "A number is missing."],
    ["1 +", "A number is missing."],
    ["(1 + 2", 'A ")" is missing.'],
    ["2 3", "Something is left over."],
    ["1 / 0", "This divides by zero."],
    ["sqrt(-1)", "The result is not a number, or too large."],
    ["9^9^9^9", "The exponent is too large."],
    ["171!", "Factorials go from 0 to 170."],
    ["2.5!", "Factorials go from 0 to 170."],
    ["pow(1)", "pow takes 2 numbers."],
    ["constructor(1)", '"constructor" is not known here.'],
    ["__proto__", '"__proto__" is no arithmetic.'],
    ["process.exit()", '".exit()" is no arithmetic.'],
    ["1; 2", '"; 2" is no arithmetic.'],
    ["(".repeat(100), "Too many brackets."],
    ["-".repeat(200), "Too many brackets."],
    ["1".repeat(MAX_EXPRESSION_UNITS + 1), "More than 500 characters."],
  ])("of %j fails: %s", ([expression, message], { expect }) => {
    expect(faultOf(expression)).toBe(message);
  });

  it("agrees with the machine on sums of small whole numbers", ({ expect }) => {
    const number = fc.integer({ min: -999, max: 999 });
    fc.assert(
      fc.property(number, number, number, (a, b, c) => {
        expect(calculate(`(${a}) + ${b} * (${c})`)).toBe(String(a + b * c));
      }),
    );
  });

  it("of any text is a number or a fault that says why", ({ expect }) => {
    const signs = fc.stringMatching(/^[-0-9+*/%^!().,epilnmax ]{0,60}$/);
    fc.assert(
      fc.property(fc.oneof(fc.string(), signs), (text) => {
        expect(faultOf(text).length).toBeGreaterThan(0);
      }),
    );
  });
});

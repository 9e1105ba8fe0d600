/**
 * Arithmetic as people and models write it, in exact decimals: + - * / % ^ !, brackets, functions, constants, percent.
 * A precedence parser over decimal.js; nothing is evaluated as code. Bounded in length, depth and size of numbers.
 */
import { Decimal } from "decimal.js";

export const MAX_EXPRESSION_UNITS = 500;
const MAX_DEPTH = 50;
const MAX_FACTORIAL = 170;
const MAX_EXPONENT = 10_000;

/** Digits that are kept; answers are shown with fewer, so that a third times three is one. */
const Exact = Decimal.clone({ precision: 60, maxE: 400, minE: -400, defaults: true });
const SHOWN_DIGITS = 40;
const FRACTION_DIGITS = 12;

/** A sum that cannot be worked out; the message says why. */
export class ArithmeticFault extends Error {}

type Token = { kind: "number"; value: Decimal } | { kind: "name" | "sign"; text: string };

const TOKEN =
  /\s*(?:(\d+(?:\.\d*)?(?:e[+-]?\d{1,3})?|\.\d+)|([a-zπ]\w*)|(\*\*|[-+*/%^!(),×÷−√]))/giy;
const SIGNS: Readonly<Record<string, string>> = { "×": "*", "÷": "/", "−": "-", "**": "^" };

/** In an expression that calls functions, commas part their arguments; else they group thousands. */
function withoutGroups(text: string): string {
  return /[a-z]\s*\(/i.test(text) ? text : text.replace(/(\d),(?=\d{3}(?!\d))/g, "$1");
}

function readTokens(text: string): Token[] {
  const plain = withoutGroups(text.normalize("NFKC").replace(/[=?\s]+$/u, ""));
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < plain.trimEnd().length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(plain);
    if (!match)
      throw new ArithmeticFault(`"${plain.slice(at).trim().slice(0, 20)}" is no arithmetic.`);
    const [, number, name, sign] = match;
    if (number !== undefined) tokens.push({ kind: "number", value: new Exact(number) });
    else if (name !== undefined) tokens.push({ kind: "name", text: name.toLowerCase() });
    else tokens.push({ kind: "sign", text: SIGNS[sign ?? ""] ?? sign ?? "" });
  }
  return tokens;
}

const CONSTANTS: Readonly<Record<string, Decimal>> = {
  pi: Exact.acos(-1),
  π: Exact.acos(-1),
  e: Exact.exp(1),
};

type Apply = (...values: Decimal[]) => Decimal;

/** Functions with the number of their arguments; Infinity takes any number above none. */
const FUNCTIONS: Readonly<Record<string, [count: number, apply: Apply]>> = {
  sqrt: [1, (x) => verified(x).sqrt()],
  cbrt: [1, (x) => verified(x).cbrt()],
  abs: [1, (x) => verified(x).abs()],
  round: [1, (x) => verified(x).round()],
  floor: [1, (x) => verified(x).floor()],
  ceil: [1, (x) => verified(x).ceil()],
  ln: [1, (x) => verified(x).ln()],
  log: [1, (x) => verified(x).log(10)],
  log2: [1, (x) => verified(x).log(2)],
  exp: [1, (x) => verified(x).exp()],
  sin: [1, (x) => nearZero(verified(x).sin())],
  cos: [1, (x) => nearZero(verified(x).cos())],
  tan: [1, (x) => nearZero(verified(x).tan())],
  mod: [2, (x, y) => divided(verified(x), verified(y), "mod")],
  pow: [2, (x, y) => raised(verified(x), verified(y))],
  min: [Number.POSITIVE_INFINITY, (...values) => Exact.min(...values)],
  max: [Number.POSITIVE_INFINITY, (...values) => Exact.max(...values)],
};

function verified(value: Decimal | undefined): Decimal {
  if (!value?.isFinite()) throw new ArithmeticFault("The result is not a number, or too large.");
  return value;
}

/** The sine of pi, which is known to some digits only, is none. */
function nearZero(value: Decimal): Decimal {
  return value.toDecimalPlaces(SHOWN_DIGITS);
}

function divided(left: Decimal, right: Decimal, how: "div" | "mod"): Decimal {
  if (right.isZero()) throw new ArithmeticFault("This divides by zero.");
  return how === "div" ? left.div(right) : left.mod(right);
}

function raised(base: Decimal, exponent: Decimal): Decimal {
  if (exponent.abs().gt(MAX_EXPONENT)) throw new ArithmeticFault("The exponent is too large.");
  return verified(base.pow(exponent));
}

function factorial(value: Decimal): Decimal {
  if (!value.isInteger() || value.isNegative() || value.gt(MAX_FACTORIAL))
    throw new ArithmeticFault(`Factorials go from 0 to ${MAX_FACTORIAL}.`);
  let product: Decimal = new Exact(1);
  for (let factor = 2; factor <= value.toNumber(); factor += 1) product = product.times(factor);
  return product;
}

/** How strongly a sign between two values binds. */
const BINDING: Readonly<Record<string, number>> = {
  "+": 1,
  "-": 1,
  "*": 2,
  "/": 2,
  "%": 2,
  "^": 4,
};
const UNARY = 3;

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): Decimal {
    const value = this.#expression(0);
    if (this.#at < this.#tokens.length) throw new ArithmeticFault("Something is left over.");
    return value;
  }

  #sign(offset = 0): string | undefined {
    const token = this.#tokens[this.#at + offset];
    return token?.kind === "sign" ? token.text : undefined;
  }

  #take(sign: string): boolean {
    if (this.#sign() !== sign) return false;
    this.#at += 1;
    return true;
  }

  #expect(sign: string): void {
    if (!this.#take(sign)) throw new ArithmeticFault(`A "${sign}" is missing.`);
  }

  #expression(minBinding: number): Decimal {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw new ArithmeticFault("Too many brackets.");
    let left = this.#postfix(this.#prefix());
    for (;;) {
      const sign = this.#sign();
      const binding = sign === undefined ? undefined : BINDING[sign];
      if (sign === undefined || binding === undefined || binding < minBinding) break;
      this.#at += 1;
      // ^ binds to the right: 2^3^2 is 2^9.
      const right = this.#expression(sign === "^" ? binding : binding + 1);
      left = verified(combine(left, sign, right));
    }
    this.#depth -= 1;
    return left;
  }

  #prefix(): Decimal {
    if (this.#take("-")) return this.#expression(UNARY).neg();
    if (this.#take("+")) return this.#expression(UNARY);
    if (this.#take("√")) return verified(this.#expression(UNARY).sqrt());
    if (this.#take("(")) {
      const value = this.#expression(0);
      this.#expect(")");
      return value;
    }
    const token = this.#tokens[this.#at];
    this.#at += 1;
    if (token?.kind === "number") return token.value;
    if (token?.kind === "name") return this.#named(token.text);
    throw new ArithmeticFault("A number is missing.");
  }

  #named(name: string): Decimal {
    const constant = Object.hasOwn(CONSTANTS, name) ? CONSTANTS[name] : undefined;
    if (constant) return constant;
    const known = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
    if (!known) throw new ArithmeticFault(`"${name.slice(0, 20)}" is not known here.`);
    const [count, apply] = known;
    this.#expect("(");
    const values = [this.#expression(0)];
    while (this.#take(",")) values.push(this.#expression(0));
    this.#expect(")");
    if (count !== Number.POSITIVE_INFINITY && values.length !== count)
      throw new ArithmeticFault(`${name} takes ${count} numbers.`);
    return verified(apply(...values));
  }

  /** `5!`, and `20%` where no second value follows: 50 % 3 is a remainder. */
  #postfix(value: Decimal): Decimal {
    let result = value;
    for (;;) {
      if (this.#take("!")) result = factorial(result);
      else if (this.#sign() === "%" && !this.#startsValue()) {
        this.#at += 1;
        result = result.div(100);
      } else return result;
    }
  }

  /** Whether the token after the next one begins a value. */
  #startsValue(): boolean {
    const token = this.#tokens[this.#at + 1];
    return token !== undefined && (token.kind !== "sign" || token.text === "(");
  }
}

function combine(left: Decimal, sign: string, right: Decimal): Decimal {
  switch (sign) {
    case "+":
      return left.plus(right);
    case "-":
      return left.minus(right);
    case "*":
      return left.times(right);
    case "/":
      return divided(left, right, "div");
    case "%":
      return divided(left, right, "mod");
    default:
      return raised(left, right);
  }
}

/** The value as text: whole numbers whole, others rounded. Throws {@link ArithmeticFault}. */
export function calculate(expression: string): string {
  if (expression.length > MAX_EXPRESSION_UNITS)
    throw new ArithmeticFault(`More than ${MAX_EXPRESSION_UNITS} characters.`);
  const value = verified(new Parser(readTokens(expression)).parse());
  const shown = value.toSignificantDigits(SHOWN_DIGITS);
  if (shown.isInteger() && shown.e < SHOWN_DIGITS) return shown.toFixed();
  const isPlain = shown.e >= -FRACTION_DIGITS / 2 && shown.e < SHOWN_DIGITS;
  return isPlain
    ? shown.toDecimalPlaces(FRACTION_DIGITS).toFixed()
    : shown.toSignificantDigits(FRACTION_DIGITS).toString();
}

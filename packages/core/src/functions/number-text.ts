/** Numbers as text in Java's form, and text as numbers as Spark's casts read it. */

/** `Double.toString`: `1.0`, `1.0E10`, `1.0E-5`, `NaN`, `-Infinity`; the fewest digits that give the same value. */
export function doubleText(value: number): string {
  const parts = shortestDigits(String(Math.abs(value)));
  // Java prints at least two digits and takes the nearest such number: 4.9E-324 where one digit would be 5E-324.
  return javaForm(
    value,
    parts[0].length === 1 && Number.isFinite(value) ? shortestDigits(Math.abs(value).toPrecision(2)) : parts,
  );
}

/** `Float.toString`: the fewest digits that give the same 32-bit value. */
export function floatText(value: number): string {
  if (!Number.isFinite(value) || value === 0) return doubleText(value);
  const size = Math.abs(value);
  for (let precision = 2; precision < 10; precision++) {
    const text = size.toPrecision(precision);
    if (Math.fround(Number(text)) === size) return javaForm(value, shortestDigits(text));
  }
  return doubleText(value);
}

/** Digits without leading and trailing zeros, and the power of ten of the first one. */
function shortestDigits(text: string): readonly [digits: string, exponent: number] {
  const [mantissa, power] = text.split("e") as [string, string | undefined];
  const [whole, fraction = ""] = mantissa.split(".") as [string, string | undefined];
  const all = whole + fraction;
  let first = 0;
  while (first < all.length - 1 && all[first] === "0") first++;
  let last = all.length;
  while (last > first + 1 && all[last - 1] === "0") last--;
  return [all.slice(first, last), whole.length - 1 - first + Number(power ?? 0)];
}

function javaForm(value: number, [digits, exponent]: readonly [string, number]): string {
  if (Number.isNaN(value)) return "NaN";
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  if (!Number.isFinite(value)) return `${sign}Infinity`;
  if (value === 0) return `${sign}0.0`;
  if (exponent >= 7 || exponent < -3) return `${sign}${digits[0]!}.${digits.slice(1) || "0"}E${exponent}`;
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return `${sign}${whole}.${digits.slice(exponent + 1) || "0"}`;
}

const space = "[\\s\\u0000-\\u0020\\u007f-\\u009f]";
const outerSpace = new RegExp(`^${space}+|${space}+$`, "g");

/** Without white space and control characters on both sides, as Spark's casts trim. */
export function trimAll(text: string): string {
  const first = text.charCodeAt(0);
  const last = text.charCodeAt(text.length - 1);
  if (first > 0x20 && first < 0x7f && last > 0x20 && last < 0x7f) return text;
  return text.replaceAll(outerSpace, "");
}

const floatingGrammar = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[dDfF]?$/;
const specialNumbers: Readonly<Record<string, number>> = {
  inf: Infinity,
  "+inf": Infinity,
  infinity: Infinity,
  "+infinity": Infinity,
  "-inf": -Infinity,
  "-infinity": -Infinity,
  nan: Number.NaN,
};
const hasOwn = Object.prototype.hasOwnProperty;

/** A DOUBLE from text, or undefined. */
export function parseDouble(text: string): number | undefined {
  const trimmed = trimAll(text);
  if (floatingGrammar.test(trimmed)) {
    const last = trimmed.charCodeAt(trimmed.length - 1) | 0x20;
    return Number(last === 0x64 || last === 0x66 ? trimmed.slice(0, -1) : trimmed);
  }
  const lower = trimmed.toLowerCase();
  return hasOwn.call(specialNumbers, lower) ? specialNumbers[lower] : undefined;
}

/** A whole number from text; with `allowFraction` (non-ANSI casts) a fraction is read and dropped. */
export function parseInteger(text: string, allowFraction = false): bigint | undefined {
  const trimmed = trimAll(text);
  const match = /^([+-]?\d+)$/.exec(trimmed) ?? (allowFraction ? /^([+-]?\d*)\.\d*$/.exec(trimmed) : null);
  if (match === null || trimmed === "." || trimmed.length > 4000) return undefined;
  const digits = match[1]!;
  return digits === "" || digits === "-" || digits === "+"
    ? 0n
    : BigInt(digits.startsWith("+") ? digits.slice(1) : digits);
}

export function parseBoolean(text: string): boolean | undefined {
  switch (trimAll(text).toLowerCase()) {
    case "t":
    case "true":
    case "y":
    case "yes":
    case "1":
      return true;
    case "f":
    case "false":
    case "n":
    case "no":
    case "0":
      return false;
    default:
      return undefined;
  }
}

/**
 * The number formats of `to_char` and `to_number`: digits as 9 (no leading zeros) and 0, D or a point, G or commas, $, S, MI and PR.
 * @see Spark, `ToNumberParser`
 */
import { MillraceError } from "../errors/index.ts";
import { type DecimalType, decimalType } from "../types/data-type.ts";
import { decimalText, powerOfTen } from "./decimal.ts";

type Sign = "S" | "MI";
export interface NumberPattern {
  readonly format: string;
  readonly type: DecimalType;
  /** 9, 0 and commas before the point; 9 and 0 after it. */
  readonly whole: string;
  readonly fraction: string;
  readonly point: boolean;
  readonly dollar: boolean;
  readonly leading: Sign | undefined;
  readonly trailing: Sign | undefined;
  readonly brackets: boolean;
}

type FormatError =
  | "INVALID_FORMAT.EMPTY"
  | "INVALID_FORMAT.WRONG_NUM_DIGIT"
  | "INVALID_FORMAT.CONT_THOUSANDS_SEPS"
  | "INVALID_FORMAT.THOUSANDS_SEPS_MUST_BEFORE_DEC"
  | "INVALID_FORMAT.CUR_MUST_BEFORE_DEC"
  | "INVALID_FORMAT.CUR_MUST_BEFORE_DIGIT";

/** @throws INVALID_FORMAT.* */
export function parseNumberPattern(format: string): NumberPattern {
  const fail = (errorClass: FormatError): never => {
    throw new MillraceError(errorClass, { format: `'${format}'` });
  };
  const upper = format.toUpperCase();
  if (upper === "") fail("INVALID_FORMAT.EMPTY");
  if (!/[09]/.test(upper)) fail("INVALID_FORMAT.WRONG_NUM_DIGIT");
  const dollarAt = upper.indexOf("$");
  const pointAt = upper.search(/[.D]/);
  if (dollarAt >= 0 && pointAt >= 0 && dollarAt > pointAt) fail("INVALID_FORMAT.CUR_MUST_BEFORE_DEC");
  if (dollarAt > upper.search(/[09]/)) fail("INVALID_FORMAT.CUR_MUST_BEFORE_DIGIT");
  if (pointAt >= 0 && /[,G]/.test(upper.slice(pointAt))) fail("INVALID_FORMAT.THOUSANDS_SEPS_MUST_BEFORE_DEC");
  const match = /^(MI|S)?(\$)?([09,G]*)(?:([.D])([09]*))?(PR|MI|S)?$/.exec(upper);
  if (match === null)
    throw new MillraceError("INVALID_FORMAT.UNEXPECTED_TOKEN", { format: `'${format}'`, token: unexpected(upper) });
  const [, leading, dollar, digits, point, fraction = "", end] = match as unknown as (string | undefined)[];
  const whole = digits!.replaceAll("G", ",");
  if (/^,|,,|,$/.test(whole)) fail("INVALID_FORMAT.CONT_THOUSANDS_SEPS");
  if (leading !== undefined && (end === "S" || end === "MI"))
    throw new MillraceError("INVALID_FORMAT.UNEXPECTED_TOKEN", { format: `'${format}'`, token: `'${end}'` });
  const count = whole.replaceAll(",", "").length;
  return {
    format,
    type: decimalType(Math.max(1, count + fraction.length), fraction.length),
    whole,
    fraction,
    point: point !== undefined,
    dollar: dollar !== undefined,
    leading: leading as Sign | undefined,
    trailing: end === "S" || end === "MI" ? end : undefined,
    brackets: end === "PR",
  };
}
function unexpected(upper: string): string {
  const found = /^(?:MI|S|PR|[09,G.D$])*(.)/.exec(upper)?.[1];
  return `character '${found ?? upper.at(-1) ?? ""}'`;
}

/** The number of a text in the format, as an unscaled value of its type; undefined when it does not match. */
export function parseFormatted(text: string, pattern: NumberPattern): bigint | undefined {
  let rest = text.trim();
  let negative = false;
  const takeSign = (kind: Sign, sign: string): boolean => {
    if (sign === "-") negative = true;
    return sign === "-" || (sign === "+" && kind === "S");
  };
  if (pattern.brackets && rest.startsWith("<") && rest.endsWith(">")) {
    negative = true;
    rest = rest.slice(1, -1);
  }
  if (pattern.leading !== undefined && takeSign(pattern.leading, rest[0] ?? "")) rest = rest.slice(1);
  if (pattern.trailing !== undefined && takeSign(pattern.trailing, rest.at(-1) ?? "")) rest = rest.slice(0, -1);
  if (pattern.dollar) {
    if (!rest.startsWith("$")) return undefined;
    rest = rest.slice(1);
  }
  const [whole, fraction, more] = rest.split(".");
  if (more !== undefined || (fraction !== undefined && !pattern.point)) return undefined;
  const wanted = pattern.whole.split(",");
  const groups = whole!.split(",");
  if (groups.length > wanted.length || !groups.every((group) => /^\d*$/.test(group))) return undefined;
  // Groups are matched from the point on; only the first one given may be shorter than its format.
  const offset = wanted.length - groups.length;
  for (const [i, group] of groups.entries()) {
    const form = wanted[i + offset]!;
    const least = i > 0 || form.startsWith("0") ? form.length : 0;
    if (group.length > form.length || group.length < least) return undefined;
  }
  if (wanted.slice(0, offset).some((form) => form.includes("0"))) return undefined;
  const after = fraction ?? "";
  if (!/^\d*$/.test(after) || after.length > pattern.fraction.length) return undefined;
  const digits = groups.join("") + after.padEnd(pattern.fraction.length, "0");
  if (groups.join("") + after === "") return undefined;
  const value = BigInt(digits);
  return negative ? -value : value;
}

/** A number in the format; digits as # when it does not fit. */
export function formatNumber(unscaled: bigint, scale: number, pattern: NumberPattern): string {
  const { whole, fraction } = pattern;
  const negative = unscaled < 0n;
  const size = negative ? -unscaled : unscaled;
  const [given, given2 = ""] = decimalText(size, scale).split(".") as [string, string?];
  const after = given2.replace(/0+$/, "");
  const integer = given === "0" ? "" : given;
  const places = whole.replaceAll(",", "").length;
  if (integer.length > places || after.length > fraction.length || size >= powerOfTen(38 + scale))
    return overflowOf(pattern);
  const digits = integer.padStart(places, " ");
  let started = false;
  let body = "";
  let at = 0;
  for (const c of whole) {
    if (c === ",") {
      body += started ? "," : " ";
      continue;
    }
    const digit = digits[at]!;
    const last = at === places - 1;
    at++;
    // A place of zeros prints them from its first 0 on; the last place before the point is never blank.
    const zero = digit === " " && (started || c === "0" || (last && integer === ""));
    if (digit !== " " || zero) started = true;
    body += digit === " " ? (zero ? "0" : " ") : digit;
  }
  const blank = body.length - body.trimStart().length;
  const tail = pattern.point ? `.${after.padEnd(fraction.length, "0")}` : "";
  return decorate(pattern, body.slice(blank), tail, blank, negative);
}
function decorate(pattern: NumberPattern, digits: string, tail: string, blank: number, negative: boolean): string {
  const signOf = (sign: Sign | undefined): string =>
    sign === undefined ? "" : negative ? "-" : sign === "S" ? "+" : " ";
  const lead = signOf(pattern.leading) + (pattern.dollar ? "$" : "");
  const open = pattern.brackets && negative ? "<" : "";
  const end = pattern.brackets ? (negative ? ">" : " ") : signOf(pattern.trailing);
  return `${" ".repeat(blank)}${open}${lead}${digits}${tail}${end}`;
}
function overflowOf(pattern: NumberPattern): string {
  const hashes = (form: string): string => form.replaceAll(/[09]/g, "#");
  return hashes(pattern.whole) + (pattern.point ? `.${hashes(pattern.fraction)}` : "");
}

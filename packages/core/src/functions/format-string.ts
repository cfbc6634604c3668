/** `java.util.Formatter` over SQL values, with the symbols of the root locale; without dates (`%t`). */
import { MillraceError } from "../errors/index.ts";
import type { DataType, SqlValue } from "../types/data-type.ts";
import { textOf } from "./cast-text.ts";
import { decimalText, divideHalfUp, powerOfTen } from "./decimal.ts";
import { doubleText } from "./number-text.ts";

interface Specifier {
  /** Argument by position from 1; 0 stands for the next one, −1 for the last one again. */
  readonly index: number;
  readonly flags: string;
  readonly width: number;
  /** −1 without one. */
  readonly precision: number;
  readonly conversion: string;
  readonly text: string;
}
const grammar = /%(?:(\d+)\$|(<))?([-#+ 0,(]*)(\d+)?(?:\.(\d+))?([a-zA-Z%])/y;

function failure(name: string, format: string, reason: string): MillraceError {
  return new MillraceError("INVALID_PARAMETER_VALUE.FORMAT_ARGUMENT", {
    functionName: `\`${name}\``,
    format: `'${format}'`,
    reason,
  });
}

function parse(format: string, name: string): readonly (string | Specifier)[] {
  const parts: (string | Specifier)[] = [];
  let at = 0;
  while (at < format.length) {
    const next = format.indexOf("%", at);
    if (next < 0) break;
    if (next > at) parts.push(format.slice(at, next));
    grammar.lastIndex = next;
    const match = grammar.exec(format);
    if (match === null) throw failure(name, format.slice(next, next + 8), "it is no format specifier");
    const [text, index, again, flags, width, precision, conversion] = match;
    parts.push({
      index: again !== undefined ? -1 : index === undefined ? 0 : Number(index),
      flags: flags!,
      width: width === undefined ? 0 : Number(width),
      precision: precision === undefined ? -1 : Number(precision),
      conversion: conversion!,
      text,
    });
    at = next + text.length;
  }
  if (at < format.length) parts.push(format.slice(at));
  return parts;
}

/** Three digits at a time, with commas. */
export function groupDigits(digits: string, size = 3): string {
  let out = "";
  for (let i = digits.length; i > 0; i -= size) {
    const part = digits.slice(Math.max(0, i - size), i);
    out = out === "" ? part : `${part},${out}`;
  }
  return out;
}

/** Sign, grouping and zeros around the digits of a number without sign. */
function dress(digits: string, negative: boolean, { flags, width }: Specifier): string {
  const point = digits.search(/[.e]/);
  const [whole, rest] = point < 0 ? [digits, ""] : [digits.slice(0, point), digits.slice(point)];
  const parenthesis = negative && flags.includes("(");
  const sign = parenthesis ? "(" : negative ? "-" : flags.includes("+") ? "+" : flags.includes(" ") ? " " : "";
  const body = (flags.includes(",") ? groupDigits(whole) : whole) + rest;
  const end = parenthesis ? ")" : "";
  const zeros = flags.includes("0") ? Math.max(0, width - sign.length - body.length - end.length) : 0;
  return sign + "0".repeat(zeros) + body + end;
}

const unsignedBits: Readonly<Record<string, number>> = { tinyint: 8, smallint: 16, int: 32, bigint: 64 };

/** A number as an unscaled decimal: doubles by their shortest text, as Java prints them. */
function exactOf(value: SqlValue, type: DataType): readonly [unscaled: bigint, scale: number] {
  if (type.kind === "decimal") return [value as bigint, type.scale];
  const text = doubleText(Math.abs(value as number));
  const [mantissa, exponent = "0"] = text.split("E") as [string, string?];
  const [whole, fraction = ""] = mantissa.split(".") as [string, string?];
  const digits = BigInt(whole + fraction);
  const scale = fraction.length - Number(exponent);
  const sized = scale < 0 ? digits * powerOfTen(-scale) : digits;
  return [(value as number) < 0 ? -sized : sized, Math.max(0, scale)];
}
function fixedDigits(unscaled: bigint, scale: number, precision: number): string {
  const size = unscaled < 0n ? -unscaled : unscaled;
  const rounded =
    precision >= scale ? size * powerOfTen(precision - scale) : divideHalfUp(size, powerOfTen(scale - precision));
  return decimalText(rounded, precision);
}
/** Mantissa with `precision` digits after the point, and an exponent of at least two digits. */
function scientificDigits(unscaled: bigint, scale: number, precision: number): string {
  let size = unscaled < 0n ? -unscaled : unscaled;
  if (size === 0n) return `${decimalText(0n, precision)}e+00`;
  const length = size.toString().length;
  let exponent = length - 1 - scale;
  const cut = length - 1 - precision;
  size = cut > 0 ? divideHalfUp(size, powerOfTen(cut)) : size * powerOfTen(-cut);
  if (size.toString().length > precision + 1) {
    size /= 10n;
    exponent++;
  }
  return `${decimalText(size, precision)}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}
function generalDigits(unscaled: bigint, scale: number, asked: number): string {
  const precision = asked === 0 ? 1 : asked < 0 ? 6 : asked;
  const size = unscaled < 0n ? -unscaled : unscaled;
  const magnitude = size === 0n ? 0 : size.toString().length - 1 - scale;
  if (size !== 0n && (magnitude < -4 || magnitude >= precision)) return scientificDigits(size, scale, precision - 1);
  return fixedDigits(size, scale, Math.max(0, precision - 1 - magnitude));
}

function formatOne(
  spec: Specifier,
  value: SqlValue,
  type: DataType,
  name: string,
  print: (v: SqlValue) => string,
): string {
  const lower = spec.conversion.toLowerCase();
  const cut = (text: string): string => (spec.precision >= 0 ? text.slice(0, spec.precision) : text);
  const wrong = (): MillraceError => failure(name, spec.text, `the argument has the type ${type.kind.toUpperCase()}`);
  switch (lower) {
    case "s":
      return cut(value === null ? "null" : print(value));
    case "b":
      return cut(String(value !== null && (type.kind !== "boolean" || value === true)));
    case "c": {
      if (value === null) return "null";
      if (type.kind !== "int" && type.kind !== "smallint" && type.kind !== "tinyint") throw wrong();
      return String.fromCodePoint(value as number);
    }
    case "d":
    case "x":
    case "o": {
      if (value === null) return "null";
      const bits = unsignedBits[type.kind];
      if (bits === undefined) throw wrong();
      const number = BigInt(value as number | bigint);
      if (lower === "d") return dress(String(number < 0n ? -number : number), number < 0n, spec);
      const digits = BigInt.asUintN(bits, number).toString(lower === "x" ? 16 : 8);
      const prefix = spec.flags.includes("#") ? (lower === "x" ? "0x" : "0") : "";
      return prefix + (spec.flags.includes("0") ? digits.padStart(spec.width - prefix.length, "0") : digits);
    }
    case "e":
    case "f":
    case "g": {
      if (value === null) return "null";
      if (type.kind !== "float" && type.kind !== "double" && type.kind !== "decimal") throw wrong();
      if (typeof value === "number" && !Number.isFinite(value)) return doubleText(value);
      const [unscaled, scale] = exactOf(value, type);
      const digits =
        lower === "g"
          ? generalDigits(unscaled, scale, spec.precision)
          : (lower === "e" ? scientificDigits : fixedDigits)(unscaled, scale, spec.precision < 0 ? 6 : spec.precision);
      return dress(digits, unscaled < 0n || Object.is(value, -0), spec);
    }
    default:
      throw failure(name, spec.text, "the conversion is unknown");
  }
}

/** A function that formats values of the types with a format; formats are parsed once while they stay the same. */
export function formatter(
  name: string,
  types: readonly DataType[],
  timeZone: string,
): (format: string, values: readonly SqlValue[]) => string {
  // Java sees dates and timestamps of Spark as plain numbers.
  const prints = types.map((type): ((v: SqlValue) => string) =>
    type.kind === "date" || type.kind === "timestamp" || type.kind === "timestamp_ntz"
      ? String
      : textOf(type, timeZone),
  );
  let last: string | undefined;
  let parts: readonly (string | Specifier)[] = [];
  return (format, values) => {
    if (format !== last) {
      parts = parse(format, name);
      last = format;
    }
    let ordinary = 0;
    let latest = -1;
    let out = "";
    for (const part of parts) {
      if (typeof part === "string") {
        out += part;
        continue;
      }
      let text: string;
      if (part.conversion === "%") text = "%";
      else if (part.conversion === "n") {
        out += "\n";
        continue;
      } else {
        latest = part.index > 0 ? part.index - 1 : part.index < 0 ? latest : ordinary++;
        if (latest < 0 || latest >= values.length) throw failure(name, part.text, "there is no such argument");
        const type = types[latest]!;
        const value = values[latest]!;
        text = formatOne(part, value, type, name, prints[latest]!);
        if (part.conversion !== part.conversion.toLowerCase()) text = text.toUpperCase();
      }
      out += part.flags.includes("-") ? text.padEnd(part.width) : text.padStart(part.width);
    }
    return out;
  };
}

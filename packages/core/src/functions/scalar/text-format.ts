/** Numbers, dates and bytes as text by a format, and back. */
import { decodeUtf8 } from "../../columnar/utf8.ts";
import { MillraceError } from "../../errors/index.ts";
import {
  binaryType,
  type DataType,
  type DecimalType,
  intType,
  isNumeric,
  type SqlValue,
  stringType,
} from "../../types/data-type.ts";
import { compileDatetimePattern } from "../datetime-pattern.ts";
import { decimalFor, decimalText, powerOfTen } from "../decimal.ts";
import { formatter, groupDigits } from "../format-string.ts";
import type { ArgumentInfo, ScalarFunction } from "../function.ts";
import { encodeBase64 } from "../kernels/base64.ts";
import { ByteResult } from "../kernels/bytes.ts";
import { hexOf } from "../../columnar/hex.ts";
import { doubleText } from "../number-text.ts";
import { formatNumber, type NumberPattern, parseFormatted, parseNumberPattern } from "../number-pattern.ts";
import { type CallInfo, classes, coerceArgument, requireLiteral, signature, unexpectedInput } from "../resolution.ts";
import { timeZoneOf } from "../time-zone.ts";
import { example, stringFunction, takeResult } from "./string-function.ts";

const float = new DataView(new ArrayBuffer(8));
/** The exact value of a double as an unscaled decimal. */
function exactDecimal(value: number): readonly [unscaled: bigint, scale: number] {
  float.setFloat64(0, value);
  const bits = float.getBigUint64(0);
  const power = Number((bits >> 52n) & 0x7ffn);
  const mantissa = (bits & 0xfffffffffffffn) | (power === 0 ? 0n : 1n << 52n);
  const exponent = Math.max(power, 1) - 1075;
  const signed = value < 0 ? -mantissa : mantissa;
  return exponent >= 0 ? [signed << BigInt(exponent), 0] : [signed * 5n ** BigInt(-exponent), -exponent];
}
function roundHalfEven(size: bigint, scale: number, digits: number): bigint {
  if (digits >= scale) return size * powerOfTen(digits - scale);
  const unit = powerOfTen(scale - digits);
  const quotient = size / unit;
  const twice = 2n * (size % unit);
  return twice > unit || (twice === unit && quotient % 2n === 1n) ? quotient + 1n : quotient;
}

/** A pattern of DecimalFormat such as `#,##0.00`. */
interface DecimalPattern {
  readonly prefix: string;
  readonly suffix: string;
  readonly group: number;
  readonly leastWhole: number;
  readonly leastFraction: number;
  readonly mostFraction: number;
}
function decimalPattern(pattern: string): DecimalPattern {
  const match = /^([^#0,.]*)([#0,]*)(?:\.([#0]*))?([^#0,.]*)$/.exec(
    pattern === "" ? "#,###,###,###,###,###,##0" : pattern,
  );
  if (match === null)
    throw new MillraceError("INVALID_PARAMETER_VALUE.FORMAT_ARGUMENT", {
      functionName: "`format_number`",
      format: `'${pattern}'`,
      reason: "it is no pattern such as #,##0.00",
    });
  const [, prefix, whole, fraction = "", suffix] = match as unknown as string[];
  const comma = whole!.lastIndexOf(",");
  return {
    prefix: prefix!,
    suffix: suffix!,
    group: comma < 0 ? 0 : whole!.length - comma - 1,
    leastWhole: whole!.replaceAll(/[^0]/g, "").length,
    leastFraction: fraction.replaceAll(/[^0]/g, "").length,
    mostFraction: fraction.length,
  };
}
function formatDecimal(unscaled: bigint, scale: number, form: DecimalPattern): string {
  const rounded = roundHalfEven(unscaled < 0n ? -unscaled : unscaled, scale, form.mostFraction);
  const [whole, fraction = ""] = decimalText(rounded, form.mostFraction).split(".") as [string, string?];
  const digits = (whole === "0" && form.leastWhole === 0 && form.mostFraction > 0 ? "" : whole).padStart(
    form.leastWhole,
    "0",
  );
  const after = fraction.replace(/0+$/, "").padEnd(form.leastFraction, "0");
  const sign = unscaled < 0n && rounded !== 0n ? "-" : unscaled < 0n ? "-" : "";
  const grouped = form.group > 0 ? groupDigits(digits, form.group) : digits;
  return `${sign}${form.prefix}${grouped}${after === "" ? "" : `.${after}`}${form.suffix}`;
}

const formatNumberFunction = stringFunction({
  name: "format_number",
  arity: [2, 2],
  resolve: (args, call) => {
    if (args[0]!.type.kind === "string") throw unexpectedInput(args[0]!, "NUMERIC", 0, call);
    const number = coerceArgument(args[0]!, classes.numeric, 0, call);
    const isPattern = args[1]!.type.kind === "string";
    return { args: [number, isPattern ? stringType : coerceArgument(args[1]!, intType, 1, call)], returns: stringType };
  },
  canReturnNull: true,
  bind: ({ args }) => {
    const type = args[0]!;
    let last: SqlValue | undefined;
    let form: DecimalPattern | undefined;
    return (value, format) => {
      if (format !== last) {
        last = format!;
        form =
          typeof format === "string"
            ? decimalPattern(format)
            : (format as number) < 0
              ? undefined
              : decimalPattern(
                  `#,###,###,###,###,###,##0${(format as number) > 0 ? `.${"0".repeat(format as number)}` : ""}`,
                );
      }
      if (form === undefined) return null;
      if (typeof value === "number" && !Number.isFinite(value))
        return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "-∞";
      const [unscaled, scale] =
        type.kind === "decimal"
          ? [value as bigint, type.scale]
          : typeof value === "bigint"
            ? [value, 0]
            : exactDecimal(value as number);
      return formatDecimal(unscaled, scale, form);
    };
  },
  usage: "format_number(expr, digits), format_number(expr, pattern)",
  summary: "A number with commas and digits after the point, half to even; or by a pattern such as '#,##0.00'.",
  examples: [
    ...example("format_number(12332.123456, 4)", "12,332.1235"),
    ...example("format_number(12332.123456, '##################.###')", "12332.123"),
  ],
});

const formatString = (name: "format_string" | "printf"): ScalarFunction =>
  stringFunction({
    name,
    arity: [1, Number.POSITIVE_INFINITY],
    resolve: (args, call) => {
      const format = coerceArgument(args[0]!, stringType, 0, call);
      const literal = args[0]!.literal?.value;
      if (typeof literal === "string" && literal.includes("%0$"))
        throw new MillraceError("INVALID_PARAMETER_VALUE.ZERO_INDEX", { functionName: `\`${name}\`` });
      return { args: [format, ...args.slice(1).map(({ type }) => type)], returns: stringType };
    },
    nulls: "custom",
    canReturnNull: (args) => args[0]!.nullable,
    bind: ({ args }, context) => {
      const format = formatter(name, args.slice(1), context.timeZone);
      return (text, ...values) => (text === null ? null : format(text as string, values));
    },
    usage: `${name}(format, expr, …)`,
    summary: "The values by a format as in C: %d, %s, %.2f and the others of java.util.Formatter but %t.",
    examples: example(`${name}('Hello World %d %s', 100, 'days')`, "Hello World 100 days"),
  });

function patternOf(arg: ArgumentInfo | undefined, call: CallInfo): NumberPattern | undefined {
  const format = requireLiteral(arg, "format", call);
  return format === null ? undefined : parseNumberPattern(format as string);
}
/** The decimal that a number is formatted from. */
function decimalOf(value: SqlValue, type: DataType): readonly [bigint, number] {
  if (type.kind === "decimal") return [value as bigint, type.scale];
  if (typeof value === "bigint") return [value, 0];
  if (type.kind !== "float" && type.kind !== "double") return [BigInt(value as number), 0];
  const [mantissa, exponent = "0"] = doubleText(value as number).split("E") as [string, string?];
  const [whole, fraction = ""] = mantissa.split(".") as [string, string?];
  const scale = fraction.length - Number(exponent);
  const digits = BigInt(whole + fraction);
  return scale < 0 ? [digits * powerOfTen(-scale), 0] : [digits, scale];
}

function bytesToText(bytes: Uint8Array, format: string): string {
  if (format === "hex") return hexOf(bytes).toUpperCase();
  if (format !== "base64") return decodeUtf8(bytes, 0, bytes.length);
  const result = new ByteResult();
  encodeBase64(result, bytes, 0, bytes.length, true);
  return takeResult(result, stringType) as string;
}

const toChar = stringFunction({
  name: "to_char",
  aliases: ["to_varchar"],
  arity: [2, 2],
  resolve: (args, call) => {
    const { type } = args[0]!;
    if (isNumeric(type) || type.kind === "null" || type.kind === "string") {
      patternOf(args[1], call);
      const number =
        isNumeric(type) && decimalFor(type) !== undefined ? type : coerceArgument(args[0]!, classes.numeric, 0, call);
      return { args: [number, stringType], returns: stringType };
    }
    if (type.kind === "binary") {
      const format = requireLiteral(args[1], "format", call) as string | null;
      if (format !== null && !/^(?:hex|base64|utf-8)$/i.test(format))
        throw new MillraceError("DATATYPE_MISMATCH.INVALID_ARG_VALUE", {
          sqlExpr: call.sql,
          inputName: "`format`",
          requireType: "'base64', 'hex', 'utf-8'",
          inputValue: `'${format}'`,
        });
      return signature([binaryType, stringType], stringType)(args, call);
    }
    if (type.kind !== "date" && type.kind !== "timestamp" && type.kind !== "timestamp_ntz")
      throw unexpectedInput(args[0]!, "(NUMERIC or DATE or TIMESTAMP or BINARY)", 0, call);
    return { args: [type, stringType], returns: stringType };
  },
  canReturnNull: true,
  bind: ({ args }, context, infos) => {
    const type = args[0]!;
    const format = (infos[1]?.literal?.value ?? null) as string | null;
    if (format === null) return () => null;
    if (type.kind === "binary") return (bytes) => bytesToText(bytes as Uint8Array, format.toLowerCase());
    if (type.kind === "date" || type.kind === "timestamp" || type.kind === "timestamp_ntz") {
      const pattern = compileDatetimePattern(format);
      const zone = timeZoneOf(type.kind === "timestamp" ? context.timeZone : "UTC");
      return (value) =>
        pattern.format(type.kind === "date" ? BigInt(value as number) * 86_400_000_000n : (value as bigint), zone);
    }
    const pattern = parseNumberPattern(format);
    return (value) => {
      if (typeof value === "number" && !Number.isFinite(value)) return null;
      const [unscaled, scale] = decimalOf(value!, type);
      return formatNumber(unscaled, scale, pattern);
    };
  },
  usage: "to_char(expr, format), to_varchar(expr, format)",
  summary:
    "A number by a format of 9, 0, D, G, $, S, MI and PR; a date or timestamp by a pattern; bytes as base64, hex or utf-8.",
  examples: [
    ...example("to_char(454.00, '000D00')", "454.00"),
    ...example("to_char(-12454.8, '99G999D9S')", "12,454.8-"),
  ],
});

function toNumber(tolerant: boolean): ScalarFunction {
  const name = tolerant ? "try_to_number" : "to_number";
  return stringFunction({
    name,
    arity: [2, 2],
    resolve: (args, call) => {
      const pattern = patternOf(args[1], call);
      return signature(
        [stringType, stringType],
        pattern?.type ?? ({ kind: "decimal", precision: 38, scale: 0 } satisfies DecimalType),
      )(args, call);
    },
    canReturnNull: true,
    bind: (_types, _context, infos) => {
      const format = (infos[1]?.literal?.value ?? null) as string | null;
      if (format === null) return () => null;
      const pattern = parseNumberPattern(format);
      return (text) => {
        const value = parseFormatted(text as string, pattern);
        if (value === undefined && !tolerant)
          throw new MillraceError("INVALID_FORMAT.MISMATCH_INPUT", {
            inputType: '"STRING"',
            input: `'${text as string}'`,
            format: `'${format}'`,
          });
        return value ?? null;
      };
    },
    usage: `${name}(str, format)`,
    summary: `The DECIMAL of a text by a format of 9, 0, D, G, $, S, MI and PR${tolerant ? "; NULL when it does not match" : ""}.`,
    examples: example(`${name}('12,454.8-', '99,999.9S')`, "-12454.8"),
  });
}

export const textFormat: readonly ScalarFunction[] = [
  formatNumberFunction,
  formatString("format_string"),
  formatString("printf"),
  toChar,
  toNumber(false),
  toNumber(true),
];

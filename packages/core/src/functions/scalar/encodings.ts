/** Text as bytes and back: base64, hexadecimal, charsets, UTF-8 checks, number bases. */
import { equalValues } from "../../columnar/compare.ts";
import { decodeUtf8, encodeUtf8, isValidUtf8 } from "../../columnar/utf8.ts";
import { MillraceError } from "../../errors/index.ts";
import {
  bigintType,
  binaryType,
  booleanType,
  type DataType,
  intType,
  isNumeric,
  type SqlValue,
  stringType,
} from "../../types/data-type.ts";
import { bytesOf, fixedLocal, js } from "../code.ts";
import type { ScalarFunction } from "../function.ts";
import { decodeBase32, encodeBase32 } from "../kernels/base32.ts";
import { decodeBase64, encodeBase64, isBase64 } from "../kernels/base64.ts";
import type { ByteResult } from "../kernels/bytes.ts";
import { type Charset, charsetOf, decodeCharset, encodeCharset } from "../kernels/charsets.ts";
import { overflow } from "../kernels/checked.ts";
import { type CallInfo, classes, commonOf, requireLiteral, signature } from "../resolution.ts";
import { asBytes, bytesToBytes, example, resultKernel, stringFunction } from "./string-function.ts";

const hexDigits = Uint8Array.from("0123456789ABCDEF", (c) => c.charCodeAt(0));
function writeHex(result: ByteResult, bytes: Uint8Array, start: number, end: number): void {
  const out = result.reserve((end - start) * 2);
  let at = 0;
  for (let i = start; i < end; i++) {
    out[at++] = hexDigits[bytes[i]! >> 4]!;
    out[at++] = hexDigits[bytes[i]! & 15]!;
  }
}
const upperHex = (value: bigint): string => BigInt.asUintN(64, value).toString(16).toUpperCase();
/** The bytes of hexadecimal digits, an odd number of them with a zero before; NULL for other characters. */
export function bytesOfHex(text: string): Uint8Array | null {
  if (!/^[0-9a-fA-F]*$/.test(text)) return null;
  const even = text.length % 2 === 0 ? text : `0${text}`;
  return Uint8Array.from({ length: even.length / 2 }, (_, i) => Number.parseInt(even.slice(i * 2, i * 2 + 2), 16));
}

const ofText = resultKernel((result, bytes, start, end) => encodeBase64(result, bytes, start, end, true));
const hexOfBytes = resultKernel(writeHex);

function conversionError(text: string, format: string, suggestion: string): MillraceError {
  return new MillraceError("CONVERSION_INVALID_INPUT", {
    str: `'${text}'`,
    fmt: `'${format}'`,
    targetType: '"BINARY"',
    suggestion: `\`${suggestion}\``,
  });
}

/** CONV: an unsigned 64-bit number between bases; digits up to the first foreign character count. */
function convertBase(text: string, from: number, to: number, ansi: boolean): string | null {
  const size = Math.abs(to);
  const trimmed = text.trim();
  if (from < 2 || from > 36 || size < 2 || size > 36 || trimmed === "") return null;
  const negative = trimmed.startsWith("-");
  let value = 0n;
  for (const c of trimmed.slice(negative ? 1 : 0).toLowerCase()) {
    const digit = /^[0-9a-z]$/.test(c) ? Number.parseInt(c, 36) : 36;
    if (digit >= from) break;
    value = value * BigInt(from) + BigInt(digit);
  }
  const greatest = 2n ** 64n - 1n;
  if (value > greatest) {
    if (ansi) overflow("Overflow in function conv()");
    value = greatest;
  }
  if (negative && to > 0) value = value >= 2n ** 63n ? greatest : BigInt.asUintN(64, -value);
  else if (negative && value >= 2n ** 63n) value = greatest;
  let minus = negative && to < 0;
  if (to < 0 && BigInt.asIntN(64, value) < 0n) {
    value = -BigInt.asIntN(64, value);
    minus = true;
  }
  return (minus ? "-" : "") + value.toString(size).toUpperCase();
}

function charsetNamed(functionName: string, name: string): Charset {
  const charset = charsetOf(name);
  if (charset === undefined)
    throw new MillraceError("INVALID_PARAMETER_VALUE.CHARSET", {
      functionName: `\`${functionName}\``,
      charset: `'${name}'`,
    });
  return charset;
}
function unmappable(functionName: string, charset: string): MillraceError {
  return new MillraceError("MALFORMED_CHARACTER_CODING", { function: `\`${functionName}\``, charset: `'${charset}'` });
}

const validText = (value: SqlValue): boolean => {
  const bytes = asBytes(value);
  return isValidUtf8(bytes, 0, bytes.length);
};
const textOfBytes = (value: SqlValue): string =>
  typeof value === "string" ? value : decodeUtf8(value as Uint8Array, 0, (value as Uint8Array).length);

function decodeCase(type: DataType): (...args: SqlValue[]) => SqlValue {
  return (...args) => {
    const value = args[0]!;
    let i = 1;
    for (; i + 1 < args.length; i += 2) {
      const search = args[i]!;
      if (value === null ? search === null : search !== null && equalValues(type, value, search)) return args[i + 1]!;
    }
    return i < args.length ? args[i]! : null;
  };
}

/** TO_BINARY's formats. The format is a constant. */
function toBinary(tolerant: boolean): ScalarFunction {
  const name = tolerant ? "try_to_binary" : "to_binary";
  const convert = (text: string, format: string): Uint8Array | undefined => {
    if (format === "hex") return bytesOfHex(text) ?? undefined;
    if (format !== "base64") return encodeUtf8(text);
    const bytes = encodeUtf8(text);
    return isBase64(text) ? decodeBase64(bytes, 0, bytes.length) : undefined;
  };
  const known = /^(?:hex|base64|utf-?8)$/;
  const formatOf = (args: Parameters<ScalarFunction["resolve"]>[0], call: CallInfo): string | null => {
    if (args[1] === undefined) return "hex";
    const format = requireLiteral(args[1], "fmt", call) as string | null;
    const lower = format === null ? null : format.toLowerCase();
    if (lower !== null && !known.test(lower) && !tolerant)
      throw new MillraceError("DATATYPE_MISMATCH.INVALID_ARG_VALUE", {
        sqlExpr: call.sql,
        inputName: "`fmt`",
        requireType: "'hex', 'utf-8', 'utf8', 'base64'",
        inputValue: `'${format}'`,
      });
    return lower;
  };
  return stringFunction({
    name,
    arity: [1, 2],
    resolve: (args, call) => {
      formatOf(args, call);
      return signature([stringType, stringType], binaryType)(args, call);
    },
    canReturnNull: tolerant,
    bind: () => (text, written) => {
      const format = written === undefined ? "hex" : (written as string).toLowerCase();
      if (!known.test(format)) return null;
      const bytes = convert(text as string, format);
      if (bytes === undefined && !tolerant) throw conversionError(text as string, format, "try_to_binary");
      return bytes ?? null;
    },
    usage: `${name}(str[, format])`,
    summary: `The bytes of a text in the format hex (as without one), utf-8 or base64${tolerant ? "; NULL for a malformed text" : ""}.`,
    examples: example(`hex(${name}('abc', 'utf-8'))`, "616263"),
  });
}

export const encodings: readonly ScalarFunction[] = [
  stringFunction({
    name: "to_base32",
    arity: [1, 1],
    resolve: signature([binaryType], stringType),
    ...resultKernel(encodeBase32),
    usage: "to_base32(bin)",
    summary: "The bytes in base32.",
    examples: example("to_base32('foobar')", "MZXW6YTBOI======"),
  }),
  stringFunction({
    name: "from_base32",
    arity: [1, 1],
    resolve: signature([stringType], binaryType),
    ...bytesToBytes(decodeBase32),
    usage: "from_base32(str)",
    summary: "The bytes of a base32 text; characters that are no digits are skipped.",
    examples: example("decode(from_base32('MZXW6YTBOI======'), 'utf-8')", "foobar"),
  }),
  stringFunction({
    name: "base64",
    arity: [1, 1],
    resolve: signature([binaryType], stringType),
    ...ofText,
    usage: "base64(bin)",
    summary: "The bytes (a text's UTF-8) in base64, in lines of 76 characters.",
    examples: example("base64('Spark SQL')", "U3BhcmsgU1FM"),
  }),
  stringFunction({
    name: "unbase64",
    arity: [1, 1],
    resolve: signature([stringType], binaryType),
    ...bytesToBytes((bytes, start, end) => {
      const decoded = decodeBase64(bytes, start, end);
      if (decoded === undefined)
        throw conversionError(decodeUtf8(bytes, start, end), "base64", "try_to_binary(…, 'base64')");
      return decoded;
    }),
    usage: "unbase64(str)",
    summary: "The bytes of a base64 text; characters that are no digits are skipped.",
    examples: example("decode(unbase64('U3BhcmsgU1FM'), 'utf-8')", "Spark SQL"),
  }),
  stringFunction({
    name: "hex",
    arity: [1, 1],
    resolve: (args, call) =>
      isNumeric(args[0]!.type)
        ? signature([bigintType], stringType)(args, call)
        : signature([classes.text], stringType)(args, call),
    bind: (types, context, args) =>
      types.args[0]!.kind === "bigint" ? (n) => upperHex(n as bigint) : hexOfBytes.bind(types, context, args),
    emit: {
      emit(args, ctx, types, options) {
        if (types.args[0]!.kind !== "bigint") return hexOfBytes.emit.emit(args, ctx, types, options);
        return ctx.unbox(js`${ctx.bind(upperHex)}(${ctx.box(args[0]!, bigintType)})`, stringType);
      },
    },
    usage: "hex(expr)",
    summary: "A whole number, or the bytes of a text or binary value, in hexadecimal.",
    examples: [...example("hex(17)", "11"), ...example("hex('Spark SQL')", "537061726B2053514C")],
  }),
  stringFunction({
    name: "unhex",
    arity: [1, 1],
    resolve: signature([stringType], binaryType),
    canReturnNull: true,
    bind: () => (text) => bytesOfHex(text as string),
    usage: "unhex(str)",
    summary: "The bytes of hexadecimal digits; NULL when there is another character.",
    examples: example("decode(unhex('537061726B2053514C'), 'UTF-8')", "Spark SQL"),
  }),
  stringFunction({
    name: "bin",
    arity: [1, 1],
    resolve: signature([bigintType], stringType),
    bind: () => (n) => BigInt.asUintN(64, n as bigint).toString(2),
    usage: "bin(expr)",
    summary: "A whole number in binary, negative ones as 64 bits.",
    examples: example("bin(13)", "1101"),
  }),
  stringFunction({
    name: "conv",
    arity: [3, 3],
    resolve: signature([stringType, intType, intType], stringType),
    canReturnNull: true,
    bind: (_types, context) => (text, from, to) =>
      convertBase(text as string, from as number, to as number, context.ansi),
    usage: "conv(num, fromBase, toBase)",
    summary: "A number from one base in another, from 2 to 36; a negative toBase gives a sign.",
    examples: [...example("conv('100', 2, 10)", "4"), ...example("conv('-10', 16, -10)", "-16")],
  }),
  stringFunction({
    name: "char",
    aliases: ["chr"],
    arity: [1, 1],
    resolve: signature([bigintType], stringType),
    bind: () => (n) => ((n as bigint) < 0n ? "" : String.fromCharCode(Number((n as bigint) & 255n))),
    usage: "char(expr), chr(expr)",
    summary: "The character of a code, modulo 256; an empty text for a negative one.",
    examples: example("char(65)", "A"),
  }),
  stringFunction({
    name: "encode",
    arity: [2, 2],
    resolve: signature([stringType], binaryType),
    bind: () => (text, name) => {
      const charset = charsetNamed("encode", name as string);
      const bytes = encodeCharset(text as string, charset);
      if (bytes === undefined) throw unmappable("encode", charset);
      return bytes;
    },
    usage: "encode(str, charset)",
    summary: "The bytes of a text in US-ASCII, ISO-8859-1, UTF-8, UTF-16, UTF-16BE, UTF-16LE or UTF-32.",
    examples: example("hex(encode('é', 'ISO-8859-1'))", "E9"),
  }),
  stringFunction({
    name: "decode",
    arity: [2, Number.POSITIVE_INFINITY],
    resolve: (args, call) => {
      if (args.length === 2) return signature([classes.text, stringType], stringType)(args, call);
      // Pairs of a value to look for and a result, and perhaps a default.
      const isResult = (i: number): boolean => i > 0 && (i % 2 === 0 || i === args.length - 1);
      const typesWhere = (result: boolean): DataType[] =>
        args.filter((_, i) => isResult(i) === result).map(({ type }) => type);
      const value = commonOf("decode", typesWhere(false), call);
      const returns = commonOf("decode", typesWhere(true), call);
      return { args: args.map((_, i) => (isResult(i) ? returns : value)), returns };
    },
    nulls: "custom",
    canReturnNull: (args) => args.length > 2 || args.some(({ nullable }) => nullable),
    bind: ({ args }) => {
      if (args.length > 2) return decodeCase(args[0]!);
      return (value, name) => {
        if (value === null || name === null) return null;
        const charset = charsetNamed("decode", name as string);
        const text = decodeCharset(asBytes(value!), charset);
        if (text === undefined) throw unmappable("decode", charset);
        return text;
      };
    },
    usage: "decode(bin, charset), decode(expr, search, result[, search, result …][, default])",
    summary:
      "The text of bytes in a charset; or the result that stands behind the first value equal to the expression (NULL equals NULL).",
    examples: [
      ...example("decode(encode('é', 'UTF-16'), 'UTF-16')", "é"),
      ...example("decode(2, 1, 'one', 2, 'two', 'many')", "two"),
    ],
  }),
  toBinary(false),
  toBinary(true),
  stringFunction({
    name: "is_valid_utf8",
    arity: [1, 1],
    resolve: signature([classes.text], booleanType),
    bind: () => (value) => validText(value!),
    emit: { emit: ([arg], ctx) => fixedLocal(ctx, js`${ctx.bind(isValidUtf8)}(${bytesOf(arg!)})`) },
    usage: "is_valid_utf8(str)",
    summary: "Whether the bytes are well-formed UTF-8.",
    examples: example("is_valid_utf8(x'61C262')", "false"),
  }),
  stringFunction({
    name: "make_valid_utf8",
    arity: [1, 1],
    resolve: signature([classes.text], stringType),
    bind: () => (value) => textOfBytes(value!),
    usage: "make_valid_utf8(str)",
    summary: "The text with U+FFFD in place of bytes that are not UTF-8.",
    examples: example("make_valid_utf8('Spark')", "Spark"),
  }),
  stringFunction({
    name: "validate_utf8",
    arity: [1, 1],
    resolve: signature([classes.text], stringType),
    bind: () => (value) => {
      if (validText(value!)) return textOfBytes(value!);
      throw new MillraceError("INVALID_UTF8_STRING", {
        str: Array.from(asBytes(value!), (b) => `\\x${b.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
      });
    },
    usage: "validate_utf8(str)",
    summary: "The text; an error when its bytes are not UTF-8.",
    examples: example("validate_utf8('Spark')", "Spark"),
  }),
  stringFunction({
    name: "try_validate_utf8",
    arity: [1, 1],
    resolve: signature([classes.text], stringType),
    canReturnNull: true,
    bind: () => (value) => (validText(value!) ? textOfBytes(value!) : null),
    usage: "try_validate_utf8(str)",
    summary: "The text; NULL when its bytes are not UTF-8.",
    examples: example("try_validate_utf8(x'80')", "NULL"),
  }),
];

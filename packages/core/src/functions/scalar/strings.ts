import { MillraceError } from "../../errors/index.ts";
import {
  arrayType,
  binaryType,
  booleanType,
  type DataType,
  intType,
  type SqlValue,
  stringType,
} from "../../types/data-type.ts";
import { decodeUtf8, encodeUtf8 } from "../../columnar/utf8.ts";
import { bytesOf, fixedLocal, joinCode, js, local, number, valueOf } from "../code.ts";
import type { Code, EmitContext, Emitted, Emitter } from "../emitter.ts";
import type { ScalarFunction } from "../function.ts";
import {
  ByteResult,
  countCharacters,
  endsWithBytes,
  indexOfBytes,
  startsWithBytes,
  trimEndOf,
  trimStartOf,
} from "../kernels/bytes.ts";
import { classes, commonOf, type Expected, type Resolve, signature } from "../resolution.ts";
import { example, stringFunction } from "./string-function.ts";

/** Characters are code points, as in UTF-8. */
const charactersOf = (text: string): string[] => Array.from(text);
const hasSurrogates = (text: string): boolean => /[\ud800-\udfff]/.test(text);

/** The result of a kernel that leaves its range in a ByteResult. */
function resultRange(ctx: EmitContext, result: Code): Emitted {
  return {
    shape: "bytes",
    isNull: js.false,
    bytes: local(ctx, "b", js`${result}.bytes`),
    start: local(ctx, "s", js`${result}.start`),
    end: local(ctx, "e", js`${result}.end`),
  };
}
type RangeMethod = (result: Code, arg: Code) => Code;
function emitRange(call: RangeMethod): Emitter {
  return {
    emit([arg], ctx) {
      const result = ctx.bind(new ByteResult());
      ctx.line(js`${call(result, bytesOf(arg!))};`);
      return resultRange(ctx, result);
    },
  };
}

const lower = stringFunction({
  name: "lower",
  aliases: ["lcase"],
  arity: [1, 1],
  resolve: signature([stringType], stringType),
  bind: () => (s) => (s as string).toLowerCase(),
  emit: emitRange((result, arg) => js`${result}.lower(${arg})`),
  usage: "lower(str)",
  summary: "The text in lower case.",
  examples: example("lower('SparkSql')", "sparksql"),
});
const upper = stringFunction({
  name: "upper",
  aliases: ["ucase"],
  arity: [1, 1],
  resolve: signature([stringType], stringType),
  bind: () => (s) => (s as string).toUpperCase(),
  emit: emitRange((result, arg) => js`${result}.upper(${arg})`),
  usage: "upper(str)",
  summary: "The text in upper case.",
  examples: example("upper('SparkSql')", "SPARKSQL"),
});

function characterCount(value: SqlValue): number {
  if (typeof value !== "string") return (value as Uint8Array).length;
  return hasSurrogates(value) ? charactersOf(value).length : value.length;
}
const length = stringFunction({
  name: "length",
  aliases: ["char_length", "character_length", "len"],
  arity: [1, 1],
  resolve: signature([classes.text], intType),
  bind: () => (value) => characterCount(value!),
  emit: {
    emit([arg], ctx, types) {
      if (types.args[0]!.kind === "string") return fixedLocal(ctx, js`${ctx.bind(countCharacters)}(${bytesOf(arg!)})`);
      const value = arg as Emitted & { readonly shape: "bytes" };
      return fixedLocal(ctx, js`${value.end} - ${value.start}`);
    },
  },
  usage: "length(expr), char_length(str)",
  summary: "Number of characters of a text, of bytes of a binary value.",
  examples: example("length('Spark SQL ')", "10"),
});
const octetLength = stringFunction({
  name: "octet_length",
  arity: [1, 1],
  resolve: signature([classes.text], intType),
  bind: () => (value) => (typeof value === "string" ? encodeUtf8(value).length : (value as Uint8Array).length),
  emit: {
    emit([arg], ctx) {
      const value = arg as Emitted & { readonly shape: "bytes" };
      return fixedLocal(ctx, js`${value.end} - ${value.start}`);
    },
  },
  usage: "octet_length(expr)",
  summary: "Number of bytes of the UTF-8 text or binary value.",
  examples: example("octet_length('Spark SQL')", "9"),
});

type Side = "both" | "left" | "right";
function trimText(text: string, characters: string, side: Side): string {
  const set = new Set(charactersOf(characters));
  const all = charactersOf(text);
  let start = 0;
  let end = all.length;
  if (side !== "right") while (start < end && set.has(all[start]!)) start++;
  if (side !== "left") while (end > start && set.has(all[end - 1]!)) end--;
  return all.slice(start, end).join("");
}
/** With two arguments the text comes first and the characters second, as the parser orders `TRIM(BOTH x FROM s)`. */
function trim(name: "trim" | "ltrim" | "rtrim" | "btrim", side: Side, swapped: boolean): ScalarFunction {
  return stringFunction({
    name,
    arity: [1, 2],
    resolve: signature([stringType], stringType),
    bind: () => (a, b) =>
      b === undefined
        ? trimText(a as string, " ", side)
        : swapped
          ? trimText(b as string, a as string, side)
          : trimText(a as string, b as string, side),
    emit: {
      emit(args, ctx, types, options) {
        const value = args[0] as Emitted & { readonly shape: "bytes" };
        if (args.length === 2) {
          const bound = ctx.bind(trimFunctions.get(name)!.bind(types, options.context, options.args));
          const [a, b] = args.map((arg) => ctx.box(arg, stringType));
          return ctx.unbox(local(ctx, "t", js`${bound}(${a!}, ${b!})`), stringType);
        }
        const start = side === "right" ? value.start : local(ctx, "s", js`${ctx.bind(trimStartOf)}(${bytesOf(value)})`);
        const end =
          side === "left"
            ? value.end
            : local(ctx, "e", js`${ctx.bind(trimEndOf)}(${value.bytes}, ${start}, ${value.end})`);
        return { shape: "bytes", isNull: js.false, bytes: value.bytes, start, end };
      },
    },
    usage: swapped ? `${name}(str), ${name}(characters, str)` : `${name}(str[, characters])`,
    summary: `The text without spaces (or the given characters) ${side === "both" ? "on both sides" : `on its ${side}`}.`,
    examples: example(
      `${name}('  SparkSQL  ')`,
      side === "both" ? "SparkSQL" : side === "left" ? "SparkSQL  " : "  SparkSQL",
    ),
  });
}
const trims: readonly ScalarFunction[] = [
  trim("trim", "both", true),
  trim("btrim", "both", false),
  trim("ltrim", "left", true),
  trim("rtrim", "right", true),
];
const trimFunctions = new Map(trims.map((f) => [f.name, f]));

/** Spark's positions: from 1, from the end when negative; 0 counts as 1. */
function sliceOf<T extends string | Uint8Array>(
  value: T,
  size: number,
  position: number,
  count: number,
  cut: (from: number, to: number) => T,
): T {
  const start = position > 0 ? position - 1 : position < 0 ? size + position : 0;
  const from = Math.max(0, start);
  const until = Math.min(size, start + count);
  return from === 0 && until === size ? value : cut(from, Math.max(from, until));
}
function substringOf(value: SqlValue, position: number, count: number): SqlValue {
  if (value instanceof Uint8Array) return sliceOf(value, value.length, position, count, (a, b) => value.slice(a, b));
  const text = value as string;
  if (!hasSurrogates(text)) return sliceOf(text, text.length, position, count, (a, b) => text.slice(a, b));
  const characters = charactersOf(text);
  return sliceOf(text, characters.length, position, count, (a, b) => characters.slice(a, b).join(""));
}
const substring = stringFunction({
  name: "substring",
  aliases: ["substr"],
  arity: [2, 3],
  resolve: signature([classes.text, intType, intType], ([type]) => type!),
  bind: () => (value, position, count) =>
    substringOf(value!, position as number, count === undefined ? 2 ** 31 : (count as number)),
  emit: {
    emit([value, position, count], ctx, types) {
      if (types.returns.kind !== "string")
        return ctx.unbox(
          local(
            ctx,
            "t",
            js`${ctx.bind(substringOf)}(${ctx.box(value!, types.returns)}, ${valueOf(position!)}, ${count === undefined ? number(2 ** 31) : valueOf(count)})`,
          ),
          types.returns,
        );
      const result = ctx.bind(new ByteResult());
      const size = count === undefined ? number(2 ** 31) : valueOf(count);
      ctx.line(js`${result}.substring(${bytesOf(value!)}, ${valueOf(position!)}, ${size});`);
      return resultRange(ctx, result);
    },
  },
  usage: "substring(str, pos[, len]), substring(str FROM pos FOR len)",
  summary: "The part from a position (from 1; from the end when negative) of a length, or to the end.",
  examples: [...example("substring('Spark SQL', 5)", "k SQL"), ...example("substring('Spark SQL', -3, 2)", "SQ")],
});
const side = (name: "left" | "right"): ScalarFunction =>
  stringFunction({
    name,
    arity: [2, 2],
    resolve: signature([classes.text, intType], ([type]) => type!),
    bind: () => (s, n) => {
      const count = n as number;
      if (count <= 0) return substringOf(s!, 1, 0);
      return name === "left" ? substringOf(s!, 1, count) : substringOf(s!, -Math.min(count, characterCount(s!)), count);
    },
    usage: `${name}(str, len)`,
    summary: `The ${name === "left" ? "first" : "last"} characters.`,
    examples: example(`${name}('Spark SQL', 3)`, name === "left" ? "Spa" : "SQL"),
  });

const resolveConcat: Resolve = (args, call) => {
  if (args.length === 0) return { args: [], returns: stringType };
  if (args.some((a) => a.type.kind === "array")) {
    const common = commonOf(
      "concat",
      args.map((a) => a.type),
      call,
    );
    return { args: args.map(() => common), returns: common };
  }
  const type = args.every((a) => a.type.kind === "binary") ? binaryType : stringType;
  return signature([type], type)(args, call);
};
function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
const concat = stringFunction({
  name: "concat",
  aliases: ["||"],
  arity: [0, Number.POSITIVE_INFINITY],
  resolve: resolveConcat,
  bind: ({ returns }) =>
    returns.kind === "string"
      ? (...parts) => parts.join("")
      : returns.kind === "binary"
        ? (...parts) => joinBytes(parts as Uint8Array[])
        : (...parts) => (parts as SqlValue[][]).flat(1),
  emit: {
    emit(args, ctx, types, options) {
      if (types.returns.kind === "array") {
        const form = ctx.bind(concat.bind(types, options.context, options.args));
        const boxes = args.map((arg, i) => ctx.box(arg, types.args[i]!));
        return ctx.unbox(local(ctx, "t", js`${form}(${joinCode(boxes, ", ")})`), types.returns);
      }
      const result = ctx.bind(new ByteResult());
      ctx.line(js`${result}.begin();`);
      for (const arg of args) ctx.line(js`${result}.append(${bytesOf(arg)});`);
      return resultRange(ctx, result);
    },
  },
  usage: "concat(expr1, expr2, …), expr1 || expr2",
  summary: "Texts, binary values or arrays one after the other.",
  examples: example("concat('Spark', 'SQL')", "SparkSQL"),
});
const concatWs = stringFunction({
  name: "concat_ws",
  arity: [1, Number.POSITIVE_INFINITY],
  resolve: (args, call) => {
    const expected: Expected[] = args.map((a, i) =>
      i > 0 && a.type.kind === "array" ? arrayType(stringType) : stringType,
    );
    return signature(expected, stringType)(args, call);
  },
  nulls: "custom",
  canReturnNull: (args) => args[0]!.nullable,
  bind:
    () =>
    (separator, ...parts) => {
      if (separator === null) return null;
      return (parts as (SqlValue | readonly SqlValue[])[])
        .flat(1)
        .filter((p) => p !== null)
        .join(separator as string);
    },
  usage: "concat_ws(sep, expr, …)",
  summary: "Texts and elements of arrays with a separator between them; NULLs are left out.",
  examples: example("concat_ws(' ', 'Spark', NULL, 'SQL')", "Spark SQL"),
});

function search(
  name: "contains" | "startswith" | "endswith",
  test: (s: string, part: string) => boolean,
  kernel: (...ranges: [Uint8Array, number, number, Uint8Array, number, number]) => boolean,
  summary: string,
): ScalarFunction {
  return stringFunction({
    name,
    arity: [2, 2],
    resolve: (args, call) =>
      signature([args.every((a) => a.type.kind === "binary") ? binaryType : stringType], booleanType)(args, call),
    bind: () => (s, part) => {
      if (typeof s === "string") return test(s, part as string);
      const [bytes, searched] = [s as Uint8Array, part as Uint8Array];
      return kernel(bytes, 0, bytes.length, searched, 0, searched.length);
    },
    emit: { emit: ([s, part], ctx) => fixedLocal(ctx, js`${ctx.bind(kernel)}(${bytesOf(s!)}, ${bytesOf(part!)})`) },
    usage: `${name}(str, part)`,
    summary,
    examples: example(`${name}('Spark SQL', '${name === "endswith" ? "SQL" : "Spark"}')`, "true"),
  });
}

/** Position from 1 of a part at or after a position, 0 when it is not there. */
function position(text: string, part: string, from: number): number {
  if (from < 1) return 0;
  if (part === "") return 1;
  const at = hasSurrogates(text)
    ? text.indexOf(
        part,
        charactersOf(text)
          .slice(0, from - 1)
          .join("").length,
      )
    : text.indexOf(part, from - 1);
  return at < 0 ? 0 : characterCount(text.slice(0, at)) + 1;
}
const instr = stringFunction({
  name: "instr",
  arity: [2, 2],
  resolve: signature([stringType], intType),
  bind: () => (s, part) => position(s as string, part as string, 1),
  emit: {
    emit([s, part], ctx) {
      const value = s as Emitted & { readonly shape: "bytes" };
      const at = local(ctx, "i", js`${ctx.bind(indexOfBytes)}(${bytesOf(value)}, ${bytesOf(part!)})`);
      return fixedLocal(
        ctx,
        js`${at} < 0 ? 0 : ${ctx.bind(countCharacters)}(${value.bytes}, ${value.start}, ${at}) + 1`,
      );
    },
  },
  usage: "instr(str, part)",
  summary: "Position, from 1, of the first occurrence of a part; 0 when there is none.",
  examples: example("instr('SparkSQL', 'SQL')", "6"),
});

function padded(text: string, size: number, fill: string, left: boolean): string {
  const characters = charactersOf(text);
  if (size <= characters.length) return characters.slice(0, Math.max(0, size)).join("");
  if (fill === "") return text;
  const filling = charactersOf(fill);
  const missing = Array.from({ length: size - characters.length }, (_, i) => filling[i % filling.length]!).join("");
  return left ? missing + text : text + missing;
}
function paddedBytes(bytes: Uint8Array, size: number, fill: Uint8Array, left: boolean): Uint8Array {
  if (size <= bytes.length) return bytes.slice(0, Math.max(0, size));
  if (fill.length === 0) return bytes;
  const missing = Uint8Array.from({ length: size - bytes.length }, (_, i) => fill[i % fill.length]!);
  return joinBytes(left ? [missing, bytes] : [bytes, missing]);
}
const pad = (name: "lpad" | "rpad"): ScalarFunction =>
  stringFunction({
    name,
    arity: [2, 3],
    resolve: (args, call) => {
      const bytes = args[0]!.type.kind === "binary" && (args[2]?.type.kind ?? "binary") === "binary";
      const type = bytes ? binaryType : stringType;
      return signature([type, intType, type], type)(args, call);
    },
    bind: ({ returns }) => {
      if (returns.kind === "binary")
        return (s, size, fill) =>
          paddedBytes(s as Uint8Array, size as number, (fill ?? new Uint8Array(1)) as Uint8Array, name === "lpad");
      return (s, size, fill) =>
        padded(s as string, size as number, fill === undefined ? " " : (fill as string), name === "lpad");
    },
    usage: `${name}(str, len[, pad])`,
    summary: `The text or binary value filled on the ${name === "lpad" ? "left" : "right"} (with spaces or zero bytes unless given) to a length, or cut to it.`,
    examples: example(`${name}('hi', 5, '??')`, name === "lpad" ? "???hi" : "hi???"),
  });

const translate = stringFunction({
  name: "translate",
  arity: [3, 3],
  resolve: signature([stringType], stringType),
  bind: () => (s, from, to) => {
    const target = charactersOf(to as string);
    const table = new Map<string, string>();
    charactersOf(from as string).forEach((c, i) => {
      if (!table.has(c)) table.set(c, target[i] ?? "");
    });
    return charactersOf(s as string)
      .map((c) => table.get(c) ?? c)
      .join("");
  },
  usage: "translate(str, from, to)",
  summary: "Each character of `from` replaced by the one at its place in `to`, or dropped when there is none.",
  examples: example("translate('AaBbCc', 'abc', '123')", "A1B2C3"),
});

/** SPLIT_PART; a negative part counts from the end. */
const splitPart = stringFunction({
  name: "split_part",
  arity: [3, 3],
  resolve: signature([stringType, stringType, intType], stringType),
  bind: () => (s, delimiter, part) => {
    const at = part as number;
    if (at === 0) throw new MillraceError("INVALID_INDEX_OF_ZERO", {});
    const parts = delimiter === "" ? [s as string] : (s as string).split(delimiter as string);
    return parts.at(at > 0 ? at - 1 : at) ?? "";
  },
  usage: "split_part(str, delimiter, part)",
  summary: "One part of a text that is split at a delimiter, counted from 1, from the end when negative.",
  examples: example("split_part('11.12.13', '.', 3)", "13"),
});

const simple = (
  name: string,
  types: readonly DataType[],
  returns: DataType,
  form: (...args: never[]) => SqlValue,
  usage: string,
  summary: string,
  sql: string,
  result: string,
  aliases: readonly string[] = [],
): ScalarFunction =>
  stringFunction({
    name,
    aliases,
    arity: [types.length, types.length],
    resolve: signature(types, returns),
    bind: () => form as (...args: SqlValue[]) => SqlValue,
    usage,
    summary,
    examples: example(sql, result),
  });

export const strings: readonly ScalarFunction[] = [
  lower,
  upper,
  length,
  octetLength,
  ...trims,
  substring,
  side("left"),
  side("right"),
  concat,
  concatWs,
  search(
    "contains",
    (s, part) => s.includes(part),
    (...r) => indexOfBytes(...r) >= 0,
    "Whether the text holds a part.",
  ),
  search("startswith", (s, part) => s.startsWith(part), startsWithBytes, "Whether the text starts with a part."),
  search("endswith", (s, part) => s.endsWith(part), endsWithBytes, "Whether the text ends with a part."),
  instr,
  stringFunction({
    name: "locate",
    aliases: ["position", "charindex"],
    arity: [2, 3],
    resolve: signature([stringType, stringType, intType], intType),
    nulls: "custom",
    canReturnNull: (args) => args.some(({ nullable }) => nullable),
    bind: () => (part, s, from) => {
      // Spark answers 0, not NULL, for an unknown position.
      if (from === null) return 0;
      return part === null || s === null ? null : position(s as string, part as string, (from ?? 1) as number);
    },
    usage: "locate(part, str[, pos])",
    summary: "Position, from 1, of a part at or after a position; 0 when there is none.",
    examples: example("locate('bar', 'foobarbar', 5)", "7"),
  }),
  stringFunction({
    name: "replace",
    arity: [2, 3],
    resolve: signature([stringType], stringType),
    bind: () => (s, from, to) =>
      from === "" ? s! : (s as string).replaceAll(from as string, () => (to as string | undefined) ?? ""),
    usage: "replace(str, search[, replacement])",
    summary: "Every occurrence of a part replaced, or removed.",
    examples: example("replace('ABCabc', 'abc', 'DEF')", "ABCDEF"),
  }),
  pad("lpad"),
  pad("rpad"),
  simple(
    "repeat",
    [stringType, intType],
    stringType,
    (s: string, n: number) => s.repeat(Math.max(0, n)),
    "repeat(str, n)",
    "The text n times.",
    "repeat('123', 2)",
    "123123",
  ),
  stringFunction({
    name: "reverse",
    arity: [1, 1],
    resolve: (args, call) =>
      args[0]!.type.kind === "array"
        ? { args: [args[0]!.type], returns: args[0]!.type }
        : signature([stringType], stringType)(args, call),
    bind: () => (v) =>
      typeof v === "string" ? charactersOf(v).reverse().join("") : (v as readonly SqlValue[]).toReversed(),
    usage: "reverse(expr)",
    summary: "The characters of a text or the elements of an array in reverse order.",
    examples: example("reverse('Spark SQL')", "LQS krapS"),
  }),
  simple(
    "initcap",
    [stringType],
    stringType,
    (s: string) => s.toLowerCase().replaceAll(/(^| )([^ ])/gu, (_, gap: string, c: string) => gap + c.toUpperCase()),
    "initcap(str)",
    "Each word with a capital first letter and small ones after it; words stand between spaces.",
    "initcap('sPark sql')",
    "Spark Sql",
  ),
  translate,
  splitPart,
  simple(
    "ascii",
    [stringType],
    intType,
    (s: string) => s.codePointAt(0) ?? 0,
    "ascii(str)",
    "Code point of the first character; 0 for an empty text.",
    "ascii('222')",
    "50",
  ),
  simple(
    "space",
    [intType],
    stringType,
    (n: number) => " ".repeat(Math.max(0, n)),
    "space(n)",
    "A text of n spaces.",
    "concat(space(2), '1')",
    "  1",
  ),
  simple(
    "decode_utf8",
    [binaryType],
    stringType,
    (b: Uint8Array) => decodeUtf8(b, 0, b.length),
    "decode_utf8(bin)",
    "The text of UTF-8 bytes; malformed bytes become U+FFFD.",
    "decode_utf8(cast('abc' as binary))",
    "abc",
  ),
];

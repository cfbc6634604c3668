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
import { bytesOf, fixedLocal, joinCode, js, local, number, valueOf, resultRange } from "../code.ts";
import type { Code, Emitted, Emitter } from "../emitter.ts";
import type { ScalarFunction } from "../function.ts";
import { ByteResult, countCharacters, endsWithBytes, indexOfBytes, startsWithBytes } from "../kernels/bytes.ts";
import { classes, commonOf, type Expected, type Resolve, signature, unexpectedInput } from "../resolution.ts";
import { quotedType } from "../type-text.ts";
import { example, stringFunction } from "./string-function.ts";

/** Characters are code points, as in UTF-8. */
export const charactersOf = (text: string): string[] => Array.from(text);
const hasSurrogates = (text: string): boolean => /[\ud800-\udfff]/.test(text);

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
export function substringOf(value: SqlValue, position: number, count: number): SqlValue {
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
const resolveConcat: Resolve = (args, call) => {
  if (args.length === 0) return { args: [], returns: stringType };
  if (args.some((a) => a.type.kind === "array")) {
    args.forEach((arg, i) => {
      if (arg.type.kind === "struct" || arg.type.kind === "map")
        throw unexpectedInput(arg, "STRING or BINARY or ARRAY", i, call);
    });
    if (args.some(({ type }) => type.kind === "null"))
      throw new MillraceError("DATATYPE_MISMATCH.DATA_DIFF_TYPES", {
        sqlExpr: call.sql,
        functionName: "`concat`",
        dataType: `[${args.map(({ type }) => quotedType(type)).join(", ")}]`,
      });
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
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
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
/** Appends the texts of an array, each behind a separator unless it is the first. */
function appendTexts(
  result: ByteResult,
  separator: Uint8Array,
  separatorStart: number,
  separatorEnd: number,
  texts: readonly SqlValue[],
): void {
  for (const text of texts) {
    if (text === null) continue;
    const bytes = encodeUtf8(text as string);
    result.appendPart(separator, separatorStart, separatorEnd, bytes, 0, bytes.length);
  }
}
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
  emit: {
    emit([separator, ...parts], ctx, types) {
      const result = ctx.bind(new ByteResult());
      const list = ctx.bind(appendTexts);
      ctx.line(js`${result}.begin();`);
      parts.forEach((part, i) => {
        if (part.isNull === js.true) return;
        const add =
          types.args[i + 1]!.kind === "array"
            ? js`${list}(${result}, ${bytesOf(separator!)}, ${valueOf(part)});`
            : js`${result}.appendPart(${bytesOf(separator!)}, ${bytesOf(part)});`;
        ctx.line(part.isNull === js.false ? add : js`if (!${part.isNull}) ${add}`);
      });
      return { ...resultRange(ctx, result), isNull: separator!.isNull };
    },
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
  substring,
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

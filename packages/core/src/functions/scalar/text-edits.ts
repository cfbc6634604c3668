/** Text cut, filled, turned and replaced. Each has a form on bytes, and one on strings that the interpreter runs. */
import { decodeUtf8 } from "../../columnar/utf8.ts";
import { MillraceError } from "../../errors/index.ts";
import { binaryType, intType, type SqlValue, stringType } from "../../types/data-type.ts";
import { bytesOf, js, local, resultRange } from "../code.ts";
import type { Emitted } from "../emitter.ts";
import type { ScalarFunction } from "../function.ts";
import { ByteResult, trimEndOf, trimStartOf } from "../kernels/bytes.ts";
import * as kernels from "../kernels/text.ts";
import { classes, signature } from "../resolution.ts";
import { emitBound, emitKernel, example, stringFunction } from "./string-function.ts";
import { charactersOf, joinBytes, substringOf } from "./strings.ts";

/** The members of a constant set of ASCII characters; undefined for others. */
function asciiSet(characters: SqlValue | undefined): Uint8Array | undefined {
  if (typeof characters !== "string" || !/^[\0-\x7f]*$/.test(characters)) return undefined;
  const set = new Uint8Array(256);
  for (let i = 0; i < characters.length; i++) set[characters.charCodeAt(i)] = 1;
  return set;
}

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
  const self: ScalarFunction = stringFunction({
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
        const value = args[args.length === 2 && swapped ? 1 : 0] as Emitted & { readonly shape: "bytes" };
        if (args.length === 2) {
          const set = asciiSet(options.args[swapped ? 0 : 1]?.literal?.value);
          if (set === undefined) return emitBound(self, args, ctx, types, options);
          const result = ctx.bind(new ByteResult());
          const ends = js`${side === "right" ? js.false : js.true}, ${side === "left" ? js.false : js.true}`;
          ctx.line(js`${ctx.bind(kernels.trimSet)}(${result}, ${bytesOf(value)}, ${ctx.bind(set)}, ${ends});`);
          return resultRange(ctx, result);
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
  return self;
}

function side(name: "left" | "right"): ScalarFunction {
  const kernel = emitKernel(name === "left" ? kernels.left : kernels.right);
  const self: ScalarFunction = stringFunction({
    name,
    arity: [2, 2],
    resolve: signature([classes.text, intType], ([type]) => type!),
    bind: () => (s, n) => {
      const count = n as number;
      if (count <= 0) return substringOf(s!, 1, 0);
      return substringOf(s!, name === "left" ? 1 : -count, count);
    },
    emit: {
      emit: (args, ctx, types, options) =>
        types.returns.kind === "string"
          ? kernel.emit(args, ctx, types, options)
          : emitBound(self, args, ctx, types, options),
    },
    usage: `${name}(str, len)`,
    summary: `The ${name === "left" ? "first" : "last"} characters.`,
    examples: example(`${name}('Spark SQL', 3)`, name === "left" ? "Spa" : "SQL"),
  });
  return self;
}

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
function pad(name: "lpad" | "rpad"): ScalarFunction {
  const kernel = emitKernel(name === "lpad" ? kernels.padLeft : kernels.padRight);
  const self: ScalarFunction = stringFunction({
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
    emit: {
      emit: (args, ctx, types, options) =>
        types.returns.kind === "string"
          ? kernel.emit(args, ctx, types, options)
          : emitBound(self, args, ctx, types, options),
    },
    usage: `${name}(str, len[, pad])`,
    summary: `The text or binary value filled on the ${name === "lpad" ? "left" : "right"} (with spaces or zero bytes unless given) to a length, or cut to it.`,
    examples: example(`${name}('hi', 5, '??')`, name === "lpad" ? "???hi" : "hi???"),
  });
  return self;
}

/** What stands for each byte when both constants are ASCII; undefined otherwise. */
function translation(from: SqlValue | undefined, to: SqlValue | undefined): Int16Array | undefined {
  if (asciiSet(from) === undefined || asciiSet(to) === undefined) return undefined;
  const table = Int16Array.from({ length: 256 }, (_, c) => c);
  const [source, target] = [from as string, to as string];
  for (let i = source.length - 1; i >= 0; i--)
    table[source.charCodeAt(i)] = i < target.length ? target.charCodeAt(i) : -1;
  return table;
}
const translate: ScalarFunction = stringFunction({
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
  emit: {
    emit(args, ctx, types, options) {
      const table = translation(options.args[1]?.literal?.value, options.args[2]?.literal?.value);
      if (table === undefined) return emitBound(translate, args, ctx, types, options);
      const result = ctx.bind(new ByteResult());
      ctx.line(js`${ctx.bind(kernels.translate)}(${result}, ${bytesOf(args[0]!)}, ${ctx.bind(table)});`);
      return resultRange(ctx, result);
    },
  },
  usage: "translate(str, from, to)",
  summary: "Each character of `from` replaced by the one at its place in `to`, or dropped when there is none.",
  examples: example("translate('AaBbCc', 'abc', '123')", "A1B2C3"),
});

function checkPart(part: number): void {
  if (part === 0) throw new MillraceError("INVALID_INDEX_OF_ZERO", {});
}
/** SPLIT_PART; a negative part counts from the end. */
const splitPart: ScalarFunction = stringFunction({
  name: "split_part",
  arity: [3, 3],
  resolve: signature([stringType, stringType, intType], stringType),
  bind: () => (s, delimiter, part) => {
    const at = part as number;
    checkPart(at);
    const parts = delimiter === "" ? [s as string] : (s as string).split(delimiter as string);
    return parts.at(at > 0 ? at - 1 : at) ?? "";
  },
  emit: emitKernel(
    (
      result: ByteResult,
      bytes: Uint8Array,
      start: number,
      end: number,
      delimiter: Uint8Array,
      delimiterStart: number,
      delimiterEnd: number,
      part: number,
    ) => {
      checkPart(part);
      kernels.splitPart(result, bytes, start, end, delimiter, delimiterStart, delimiterEnd, part);
    },
  ),
  usage: "split_part(str, delimiter, part)",
  summary: "One part of a text that is split at a delimiter, counted from 1, from the end when negative.",
  examples: example("split_part('11.12.13', '.', 3)", "13"),
});

function substringIndex(text: string, delimiter: string, count: number): string {
  if (delimiter === "" || count === 0) return "";
  if (count > 0) {
    let at = -1;
    for (let n = 0; n < count; n++) {
      at = text.indexOf(delimiter, at + 1);
      if (at < 0) return text;
    }
    return text.slice(0, at);
  }
  let at = text.length;
  for (let n = 0; n > count; n--) {
    if (at === 0) return text;
    at = text.lastIndexOf(delimiter, at - 1);
    if (at < 0) return text;
  }
  return text.slice(at + delimiter.length);
}

function capitalized(text: string): string {
  return text.toLowerCase().replaceAll(/(^| )([^ ])/gu, (_, gap: string, c: string) => gap + c.toUpperCase());
}
function capitalize(result: ByteResult, bytes: Uint8Array, start: number, end: number): void {
  kernels.capitalize(result, bytes, start, end, (...range) => capitalized(decodeUtf8(...range)));
}

const reverse: ScalarFunction = stringFunction({
  name: "reverse",
  arity: [1, 1],
  resolve: (args, call) =>
    args[0]!.type.kind === "array"
      ? { args: [args[0]!.type], returns: args[0]!.type }
      : signature([classes.text], ([type]) => type!)(args, call),
  bind: () => (v) => {
    if (typeof v === "string") return charactersOf(v).reverse().join("");
    return v instanceof Uint8Array ? v.toReversed() : (v as readonly SqlValue[]).toReversed();
  },
  emit: {
    emit: (args, ctx, types, options) =>
      types.returns.kind === "string"
        ? emitKernel(kernels.reverse).emit(args, ctx, types, options)
        : emitBound(reverse, args, ctx, types, options),
  },
  usage: "reverse(expr)",
  summary: "The characters of a text, the bytes of a binary value or the elements of an array in reverse order.",
  examples: example("reverse('Spark SQL')", "LQS krapS"),
});

export const textEdits: readonly ScalarFunction[] = [
  trim("trim", "both", true),
  trim("btrim", "both", false),
  trim("ltrim", "left", true),
  trim("rtrim", "right", true),
  side("left"),
  side("right"),
  pad("lpad"),
  pad("rpad"),
  translate,
  splitPart,
  reverse,
  stringFunction({
    name: "substring_index",
    arity: [3, 3],
    resolve: signature([stringType, stringType, intType], stringType),
    bind: () => (text, delimiter, count) => substringIndex(text as string, delimiter as string, count as number),
    emit: emitKernel(kernels.substringIndex),
    usage: "substring_index(str, delimiter, count)",
    summary: "What stands before the count-th delimiter; with a negative count behind it, counted from the end.",
    examples: example("substring_index('www.apache.org', '.', 2)", "www.apache"),
  }),
  stringFunction({
    name: "replace",
    arity: [2, 3],
    resolve: signature([stringType], stringType),
    bind: () => (s, from, to) =>
      from === "" ? s! : (s as string).replaceAll(from as string, () => (to as string | undefined) ?? ""),
    emit: emitKernel(kernels.replaceAll),
    usage: "replace(str, search[, replacement])",
    summary: "Every occurrence of a part replaced, or removed.",
    examples: example("replace('ABCabc', 'abc', 'DEF')", "ABCDEF"),
  }),
  stringFunction({
    name: "repeat",
    arity: [2, 2],
    resolve: signature([stringType, intType], stringType),
    bind: () => (s, n) => (s as string).repeat(Math.max(0, n as number)),
    emit: emitKernel(kernels.repeat),
    usage: "repeat(str, n)",
    summary: "The text n times.",
    examples: example("repeat('123', 2)", "123123"),
  }),
  stringFunction({
    name: "initcap",
    arity: [1, 1],
    resolve: signature([stringType], stringType),
    bind: () => (s) => capitalized(s as string),
    emit: emitKernel(capitalize),
    usage: "initcap(str)",
    summary: "Each word with a capital first letter and small ones after it; words stand between spaces.",
    examples: example("initcap('sPark sql')", "Spark Sql"),
  }),
];

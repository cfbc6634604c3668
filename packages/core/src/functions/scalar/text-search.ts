/** Comparing, picking and masking text. */
import { MillraceError } from "../../errors/index.ts";
import {
  arrayType,
  binaryType,
  booleanType,
  type DataType,
  doubleType,
  intType,
  type SqlValue,
  stringType,
} from "../../types/data-type.ts";
import { fixedLocal, js } from "../code.ts";
import type { Emitted } from "../emitter.ts";
import type { ScalarFunction } from "../function.ts";
import { type CallInfo, classes, coerceArgument, requireLiteral, signature } from "../resolution.ts";
import { asBytes, example, stringFunction } from "./string-function.ts";

const soundexCodes = "01230127022455012623017202";

/** As Spark's UTF8String.soundex: a text that does not start with an ASCII letter stays as it is. */
function soundex(text: string): string {
  const letters = text.toUpperCase();
  const codeAt = (i: number): string | undefined => {
    const c = text.charCodeAt(i) & ~0x20;
    return /[A-Za-z]/.test(text[i]!) ? soundexCodes[c - 0x41] : undefined;
  };
  if (text === "" || !/^[A-Za-z]/.test(text)) return text;
  let out = letters[0]!;
  let last = codeAt(0)!;
  for (let i = 1; i < text.length && out.length < 4; i++) {
    const code = codeAt(i);
    if (code === undefined) last = "0";
    // 7 stands for H and W, which do not part equal codes.
    else if (code !== "7") {
      if (code !== "0" && code !== last) out += code;
      last = code;
    }
  }
  return out.padEnd(4, "0");
}

/** Edits between two texts; −1 when there are more than the limit. Works in a band around the diagonal. */
function levenshtein(a: readonly string[], b: readonly string[], limit: number): number {
  if (a.length < b.length) return levenshtein(b, a, limit);
  if (a.length - b.length > limit) return -1;
  let row = Int32Array.from({ length: b.length + 1 }, (_, j) => j);
  let next = new Int32Array(b.length + 1);
  const far = a.length + b.length + 1;
  for (let i = 1; i <= a.length; i++) {
    const from = Math.max(1, i - limit);
    const until = Math.min(b.length, i + limit);
    next[from - 1] = from === 1 ? i : far;
    for (let j = from; j <= until; j++) {
      const above = j > i - 1 + limit ? far : row[j]!;
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next[j] = Math.min(change, above + 1, next[j - 1]! + 1);
    }
    [row, next] = [next, row];
  }
  const distance = row[b.length]!;
  return distance > limit ? -1 : distance;
}

/** Jaro-Winkler: characters that both have within a window, less those out of order, more for a common beginning up to four. */
function jaroWinkler(left: readonly string[], right: readonly string[]): number {
  if (left.length === 0 && right.length === 0) return 1;
  const reach = Math.max(0, Math.floor(Math.max(left.length, right.length) / 2) - 1);
  const taken = new Uint8Array(right.length);
  const common: string[] = [];
  left.forEach((c, i) => {
    for (let j = Math.max(0, i - reach); j <= Math.min(right.length - 1, i + reach); j++) {
      if (taken[j] === 1 || right[j] !== c) continue;
      taken[j] = 1;
      common.push(c);
      return;
    }
  });
  const m = common.length;
  if (m === 0) return 0;
  const others = right.filter((_, j) => taken[j] === 1);
  const moved = common.filter((c, i) => c !== others[i]).length / 2;
  const jaro = (m / left.length + m / right.length + (m - moved) / m) / 3;
  let prefix = 0;
  while (prefix < 4 && prefix < left.length && left[prefix] === right[prefix]) prefix++;
  return jaro + prefix * 0.1 * (1 - jaro);
}

function overlayOf<T>(value: readonly T[], replacement: readonly T[], position: number, length: number): readonly T[] {
  const size = length >= 0 ? length : replacement.length;
  // Spark takes substrings before and after: a position before the start counts from the end or lies outside.
  const before = slice(value, 1, position - 1);
  const after = slice(value, position + size, Number.MAX_SAFE_INTEGER);
  return [...before, ...replacement, ...after];
}
function slice<T>(value: readonly T[], position: number, length: number): readonly T[] {
  const start = position > 0 ? position - 1 : position < 0 ? value.length + position : 0;
  return value.slice(Math.max(0, start), Math.max(0, start + length, 0));
}

/** Words of sentences. Sentences end at . ! ? before white space; words hold letters, digits, and ' - . inside. */
function sentences(text: string): SqlValue {
  const words: string[][] = [];
  for (const sentence of text.split(/(?<=[.!?])\s+/u)) {
    const found = sentence.match(/[\p{L}\p{N}\p{M}]+(?:['’.][\p{L}\p{N}\p{M}]+)*/gu);
    if (found !== null) words.push([...found]);
  }
  return words;
}

const maskNames = ["upperChar", "lowerChar", "digitChar", "otherChar"];
const maskDefaults: readonly (string | null)[] = ["X", "x", "n", null];
function maskCharacters(args: readonly (SqlValue | undefined)[]): readonly (string | null)[] {
  return maskDefaults.map((given, i) => (args[i] === undefined ? given : (args[i] as string | null)));
}
function maskWith(text: string, [upper, lower, digit, other]: readonly (string | null)[]): string {
  return Array.from(text, (c) => {
    const mask = /\p{Lu}/u.test(c) ? upper : /\p{Ll}/u.test(c) ? lower : /\p{Nd}/u.test(c) ? digit : other;
    return mask ?? c;
  }).join("");
}

function luhn(text: string): boolean {
  if (!/^\d+$/.test(text)) return false;
  let sum = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(text.length - 1 - i) - 0x30;
    sum += i % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2;
  }
  return sum % 10 === 0;
}

const resolveElt = (
  args: Parameters<ScalarFunction["resolve"]>[0],
  call: CallInfo,
): ReturnType<ScalarFunction["resolve"]> => {
  const rest = args.slice(1);
  const type: DataType = rest.every((a) => a.type.kind === "binary") ? binaryType : stringType;
  return {
    args: [coerceArgument(args[0]!, intType, 0, call), ...rest.map((a, i) => coerceArgument(a, type, i + 1, call))],
    returns: type,
  };
};

export const textSearch: readonly ScalarFunction[] = [
  stringFunction({
    name: "bit_length",
    arity: [1, 1],
    resolve: signature([classes.text], intType),
    bind: () => (value) => asBytes(value!).length * 8,
    emit: {
      emit([arg], ctx) {
        const value = arg as Emitted & { readonly shape: "bytes" };
        return fixedLocal(ctx, js`(${value.end} - ${value.start}) * 8`);
      },
    },
    usage: "bit_length(expr)",
    summary: "Number of bits of the UTF-8 text or binary value.",
    examples: example("bit_length('Spark SQL')", "72"),
  }),
  stringFunction({
    name: "overlay",
    arity: [3, 4],
    resolve: (args, call) => {
      const type = args[0]!.type.kind === "binary" && args[1]!.type.kind === "binary" ? binaryType : stringType;
      return signature([type, type, intType, intType], type)(args, call);
    },
    bind:
      ({ returns }) =>
      (value, replacement, position, length) => {
        const size = length === undefined ? -1 : (length as number);
        if (returns.kind === "binary")
          return Uint8Array.from(
            overlayOf([...(value as Uint8Array)], [...(replacement as Uint8Array)], position as number, size),
          );
        return overlayOf(Array.from(value as string), Array.from(replacement as string), position as number, size).join(
          "",
        );
      },
    usage: "overlay(input, replace, pos[, len]), overlay(input PLACING replace FROM pos [FOR len])",
    summary: "The value with another one in place of its part from a position, as long as the new part or as given.",
    examples: [
      ...example("overlay('Spark SQL' PLACING '_' FROM 6)", "Spark_SQL"),
      ...example("overlay('Spark SQL', 'tructured', 2, 4)", "Structured SQL"),
    ],
  }),
  stringFunction({
    name: "soundex",
    arity: [1, 1],
    resolve: signature([stringType], stringType),
    bind: () => (text) => soundex(text as string),
    usage: "soundex(str)",
    summary: "The Soundex code: how an English word sounds.",
    examples: example("soundex('Miller')", "M460"),
  }),
  stringFunction({
    name: "levenshtein",
    arity: [2, 3],
    resolve: signature([stringType, stringType, intType], intType),
    bind: () => (a, b, threshold) => {
      const [left, right] = [Array.from(a as string), Array.from(b as string)];
      const most = Math.max(left.length, right.length);
      if (threshold === undefined) return levenshtein(left, right, most);
      const limit = threshold as number;
      return limit < 0 ? -1 : levenshtein(left, right, Math.min(limit, most));
    },
    usage: "levenshtein(str1, str2[, threshold])",
    summary: "How many characters must change, come or go; −1 when that is more than the threshold.",
    examples: [
      ...example("levenshtein('kitten', 'sitting')", "3"),
      ...example("levenshtein('kitten', 'sitting', 2)", "-1"),
    ],
  }),
  stringFunction({
    name: "jaro_winkler_similarity",
    arity: [2, 2],
    resolve: signature([stringType], doubleType),
    bind: () => (a, b) => jaroWinkler(Array.from(a as string), Array.from(b as string)),
    usage: "jaro_winkler_similarity(str1, str2)",
    summary: "How alike two texts are, from 0 to 1: characters in common near the same place, and a common beginning.",
    examples: example("jaro_winkler_similarity('MARTHA', 'MARHTA')", "0.9611111111111111"),
  }),
  stringFunction({
    name: "elt",
    arity: [2, Number.POSITIVE_INFINITY],
    resolve: resolveElt,
    nulls: "custom",
    canReturnNull: true,
    bind:
      (_types, context) =>
      (index, ...values) => {
        if (index === null) return null;
        const at = (index as number) - 1;
        if (at >= 0 && at < values.length) return values[at]!;
        if (!context.ansi) return null;
        throw new MillraceError("INVALID_ARRAY_INDEX", { indexValue: String(index), arraySize: String(values.length) });
      },
    usage: "elt(n, input1, input2, …)",
    summary: "The n-th of the inputs, from 1; outside an error (ANSI) or NULL.",
    examples: example("elt(1, 'scala', 'java')", "scala"),
  }),
  stringFunction({
    name: "find_in_set",
    arity: [2, 2],
    resolve: signature([stringType], intType),
    bind: () => (part, list) =>
      (part as string).includes(",") ? 0 : (list as string).split(",").indexOf(part as string) + 1,
    usage: "find_in_set(str, list)",
    summary: "Position, from 1, of a text in a list with commas; 0 when it is not there or has a comma itself.",
    examples: example("find_in_set('ab', 'abc,b,ab,c,def')", "3"),
  }),
  stringFunction({
    name: "sentences",
    arity: [1, 3],
    resolve: signature([stringType], arrayType(arrayType(stringType, false), false)),
    nulls: "custom",
    canReturnNull: (args) => args[0]!.nullable,
    bind: () => (text) => (text === null ? null : sentences(text as string)),
    usage: "sentences(str[, language[, country]])",
    summary: "The words of each sentence. Words are found by their characters, in every language alike.",
    examples: example("sentences('Hi there! Good morning.')", "[[Hi, there], [Good, morning]]"),
  }),
  stringFunction({
    name: "mask",
    arity: [1, 5],
    resolve: (args, call) => {
      args.slice(1).forEach((arg, i) => {
        const value = requireLiteral(arg, maskNames[i]!, call);
        if (typeof value === "string" && Array.from(value).length !== 1)
          throw new MillraceError("DATATYPE_MISMATCH.INPUT_SIZE_NOT_ONE", {
            sqlExpr: call.sql,
            exprName: `\`${maskNames[i]}\``,
          });
      });
      return signature([stringType], stringType)(args, call);
    },
    nulls: "custom",
    canReturnNull: (args) => args[0]!.nullable,
    bind:
      () =>
      (text, ...characters) =>
        text === null ? null : maskWith(text as string, maskCharacters(characters)),
    usage: "mask(input[, upperChar[, lowerChar[, digitChar[, otherChar]]]])",
    summary: "Capital letters become X, small ones x, digits n (or as given); NULL leaves a kind as it is.",
    examples: example("mask('abcd-EFGH-8765-4321')", "xxxx-XXXX-nnnn-nnnn"),
  }),
  stringFunction({
    name: "luhn_check",
    arity: [1, 1],
    resolve: signature([stringType], booleanType),
    bind: () => (text) => luhn(text as string),
    usage: "luhn_check(str)",
    summary: "Whether a text is digits with a valid Luhn checksum, as card numbers have.",
    examples: example("luhn_check('8112189876')", "true"),
  }),
  stringFunction({
    name: "quote",
    arity: [1, 1],
    resolve: signature([stringType], stringType),
    bind: () => (text) => `'${(text as string).replaceAll(/['\\]/g, "\\$&")}'`,
    usage: "quote(str)",
    summary: "The text in single quotes, with a backslash before quotes and backslashes in it.",
    examples: example("quote('Don\\'t')", "'Don\\'t'"),
  }),
];

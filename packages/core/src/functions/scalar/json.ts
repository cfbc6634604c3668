import { asVariant } from "../../columnar/variant-reader.ts";
import { MillraceError } from "../../errors/index.ts";
import { type DataType, type SqlMap, type SqlValue, stringType } from "../../types/data-type.ts";
import { parseDataType, parseDdl } from "../../types/ddl.ts";
import { textOf } from "../cast-text.ts";
import { compileDatetimePattern } from "../datetime-pattern.ts";
import { parseDate, parseTimestamp, parseTimestampNtz, dateText } from "../datetime-text.ts";
import { fitsPrecision, parseDecimal } from "../decimal.ts";
import type { EvalContext, ScalarFunction } from "../function.ts";
import { isList, isObject, type JsonLeniency, JsonNumber, type JsonTree, parseJson, printJson } from "../json-text.ts";
import { type CallInfo, coerceArgument } from "../resolution.ts";
import { corruptField, requireOptions, schemaText, type TextOptions, textOptions } from "../text-options.ts";
import { parseTimeText } from "../time-of-day.ts";
import { timeZoneOf } from "../time-zone.ts";
import { quotedType } from "../type-text.ts";
import { parseVariant } from "../variant-json.ts";
import { variantJson } from "../variant-text.ts";
import { example, stringFunction } from "./string-function.ts";

const jsonDoc = (fn: ScalarFunction): ScalarFunction => ({ ...fn, doc: { ...fn.doc, group: "JSON" } });

type FromTree = (tree: JsonTree) => SqlValue;

/** How from_json reads: formats of times, and whether a value did not fit its type. */
interface Reading {
  readonly context: EvalContext;
  readonly dateFormat: string | undefined;
  readonly timestampFormat: string | undefined;
  bad: boolean;
}

/** A value of a type from a tree; NULL, and a note that it is bad, where the tree holds something else. */
function readerOf(type: DataType, reading: Reading): FromTree {
  const read = presentReader(type, reading);
  return (tree) => {
    if (tree === null && type.kind !== "variant") return null;
    const value = read(tree);
    if (value === null) reading.bad = true;
    return value;
  };
}
function presentReader(type: DataType, reading: Reading): FromTree {
  const { context } = reading;
  const whole =
    (low: bigint, high: bigint): ((tree: JsonTree) => bigint | null) =>
    (tree) => {
      if (!(tree instanceof JsonNumber) || !/^-?\d+$/.test(tree.text)) return null;
      const value = BigInt(tree.text);
      return value >= low && value <= high ? value : null;
    };
  const small = (bits: number): FromTree => {
    const read = whole(-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n);
    return (tree) => {
      const value = read(tree);
      return value === null ? null : Number(value);
    };
  };
  const text =
    (read: (s: string) => SqlValue | undefined): FromTree =>
    (tree) =>
      typeof tree === "string" ? (read(tree) ?? null) : null;
  switch (type.kind) {
    case "boolean":
      return (tree) => (typeof tree === "boolean" ? tree : null);
    case "tinyint":
      return small(8);
    case "smallint":
      return small(16);
    case "int":
      return small(32);
    case "bigint":
      return whole(-(2n ** 63n), 2n ** 63n - 1n);
    case "float":
    case "double": {
      const special: Readonly<Record<string, number>> = {
        NaN: Number.NaN,
        Infinity,
        "+Infinity": Infinity,
        INF: Infinity,
        "+INF": Infinity,
        "-Infinity": -Infinity,
        "-INF": -Infinity,
      };
      const round: (x: number) => number = type.kind === "float" ? Math.fround : (x) => x;
      return (tree) =>
        tree instanceof JsonNumber
          ? round(special[tree.text] ?? Number(tree.text))
          : typeof tree === "string" && Object.hasOwn(special, tree)
            ? special[tree]!
            : null;
    }
    case "decimal":
      return (tree) => {
        const source = tree instanceof JsonNumber ? tree.text : typeof tree === "string" ? tree : "";
        const value = parseDecimal(source, type.scale);
        return value === undefined || !fitsPrecision(value, type.precision) ? null : value;
      };
    case "string":
      return (tree) => (tree === null ? null : typeof tree === "string" ? tree : printJson(tree));
    case "binary":
      return text((s) =>
        /^[A-Za-z0-9+/]*={0,2}$/.test(s) && s.length % 4 === 0
          ? Uint8Array.from(atob(s), (c) => c.charCodeAt(0))
          : undefined,
      );
    case "date": {
      const pattern = reading.dateFormat === undefined ? undefined : compileDatetimePattern(reading.dateFormat);
      const zone = timeZoneOf("UTC");
      if (pattern === undefined) return text(parseDate);
      return text((s) => {
        const micros = pattern.parse(s, zone);
        return micros === undefined ? undefined : Number(micros / 86_400_000_000n);
      });
    }
    case "timestamp":
    case "timestamp_ntz": {
      const zone = timeZoneOf(type.kind === "timestamp" ? context.timeZone : "UTC");
      const pattern =
        reading.timestampFormat === undefined ? undefined : compileDatetimePattern(reading.timestampFormat);
      if (pattern !== undefined) return text((s) => pattern.parse(s, zone));
      return text(type.kind === "timestamp" ? (s) => parseTimestamp(s, zone) : parseTimestampNtz);
    }
    case "time":
      return text((s) => parseTimeText(s, type.precision)?.nanos);
    case "variant":
      return (tree) => parseVariant(printJson(tree)) as readonly SqlValue[];
    case "array": {
      const element = readerOf(type.element, reading);
      return (tree) => {
        if (!isList(tree)) return null;
        const before = reading.bad;
        reading.bad = false;
        const items = tree.map(element);
        // One bad element makes the list bad.
        if (reading.bad) return null;
        reading.bad = before;
        return items;
      };
    }
    case "map": {
      const value = readerOf(type.value, reading);
      return (tree) =>
        tree !== null && isObject(tree) ? { keys: [...tree.keys()], values: [...tree.values()].map(value) } : null;
    }
    case "struct": {
      const fields = type.fields.map((f) => ({ name: f.name, read: readerOf(f.type, reading) }));
      return (tree) =>
        tree !== null && isObject(tree) ? fields.map(({ name, read }) => read(tree.get(name) ?? null)) : null;
    }
    default:
      return () => null;
  }
}

/** The schema argument: DDL of fields (`a INT, b STRING`) or one type (`ARRAY<INT>`, `STRUCT<…>`). */
function schemaOf(text: string, call: CallInfo): DataType {
  let type: DataType;
  try {
    type = parseDataType(text);
  } catch {
    type = parseDdl(text);
  }
  if (type.kind === "struct" || type.kind === "array" || type.kind === "map" || type.kind === "variant") return type;
  throw new MillraceError("DATATYPE_MISMATCH.INVALID_JSON_SCHEMA", { sqlExpr: call.sql, schema: quotedType(type) });
}

export function leniencyOf(options: TextOptions): JsonLeniency {
  return {
    singleQuotes: options.flag("allowSingleQuotes", true),
    unquotedNames: options.flag("allowUnquotedFieldNames", false),
    nonNumericNumbers: options.flag("allowNonNumericNumbers", true),
    leadingZeros: options.flag("allowNumericLeadingZeros", false),
    comments: options.flag("allowComments", false),
    backslashAnything: options.flag("allowBackslashEscapingAnyCharacter", false),
    trailing: true,
  };
}

const fromJson = stringFunction({
  name: "from_json",
  arity: [2, 3],
  resolve(args, call) {
    const returns = schemaOf(schemaText(args[1]!, call), call);
    requireOptions("from_json", args[2], call, true);
    return {
      args: [coerceArgument(args[0]!, stringType, 0, call), stringType, ...args.slice(2).map(({ type }) => type)],
      returns,
    };
  },
  canReturnNull: true,
  bind({ returns }, context, args) {
    const options = textOptions(args[2]);
    const corrupt = corruptField(returns, options.text("columnNameOfCorruptRecord"));
    const reading: Reading = {
      context,
      dateFormat: options.text("dateFormat"),
      timestampFormat: options.text("timestampFormat"),
      bad: false,
    };
    const read = readerOf(returns, reading);
    const leniency = leniencyOf(options);
    const failFast = options.text("mode")?.toUpperCase() === "FAILFAST";
    return (json) => {
      const text = json as string;
      if (text.trim() === "") return null;
      const tree = parseJson(text, leniency);
      reading.bad = tree === undefined || (tree === null && returns.kind === "struct");
      // One object is an array of it.
      const shaped = tree !== undefined && returns.kind === "array" && isObject(tree) ? [tree] : tree;
      let value = shaped === undefined ? null : read(shaped);
      if (value === null && returns.kind === "struct") value = returns.fields.map(() => null);
      if (!reading.bad) return value;
      if (failFast)
        throw new MillraceError("MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION", {
          badRecord: text,
          where: "from_json",
          reason: "it does not fit the schema",
          failFastMode: "FAILFAST",
        });
      if (corrupt >= 0) value = (value as readonly SqlValue[]).with(corrupt, text);
      return value;
    };
  },
  usage: "from_json(json, schema[, options])",
  summary:
    "A struct, array or map of JSON text by a schema in DDL. Malformed text gives NULL in every field (an error with mode FAILFAST), a value of another type NULL in its field.",
  examples: example("from_json('{\"a\":1, \"b\":0.8}', 'a INT, b DOUBLE')", "{1, 0.8}"),
});

/** How to_json writes. */
interface Writing {
  readonly context: EvalContext;
  readonly dateFormat: string | undefined;
  readonly timestampFormat: string | undefined;
  readonly nullFields: boolean;
  readonly sortKeys: boolean;
}
const byKey = (a: { readonly key: string }, b: { readonly key: string }): number => (a.key < b.key ? -1 : 1);

/** JSON text of a non-null value. */
function writerOf(type: DataType, writing: Writing): (value: SqlValue) => string {
  const { context } = writing;
  switch (type.kind) {
    case "boolean":
    case "tinyint":
    case "smallint":
    case "int":
    case "bigint":
    case "decimal":
      return textOf(type, context.timeZone);
    case "float":
    case "double": {
      const print = textOf(type, context.timeZone);
      return (v) => (Number.isFinite(v as number) ? print(v) : `"${print(v)}"`);
    }
    case "binary":
      return (v) => `"${btoa(Array.from(v as Uint8Array, (b) => String.fromCharCode(b)).join(""))}"`;
    case "date": {
      if (writing.dateFormat === undefined) return (v) => `"${dateText(v as number)}"`;
      const pattern = compileDatetimePattern(writing.dateFormat);
      const zone = timeZoneOf("UTC");
      return (v) => JSON.stringify(pattern.format(BigInt(v as number) * 86_400_000_000n, zone));
    }
    case "timestamp":
    case "timestamp_ntz": {
      const zone = timeZoneOf(type.kind === "timestamp" ? context.timeZone : "UTC");
      const millis = compileDatetimePattern(
        writing.timestampFormat ??
          (type.kind === "timestamp" ? "yyyy-MM-dd'T'HH:mm:ss.SSSXXX" : "yyyy-MM-dd'T'HH:mm:ss.SSS"),
      );
      return (v) => JSON.stringify(millis.format(v as bigint, zone));
    }
    case "variant": {
      const print = variantJson(context.timeZone);
      return (v) => print(asVariant(v));
    }
    case "array": {
      const element = writerOf(type.element, writing);
      return (v) => `[${(v as readonly SqlValue[]).map((x) => (x === null ? "null" : element(x))).join(",")}]`;
    }
    case "map": {
      const key = textOf(type.key, context.timeZone);
      const value = writerOf(type.value, writing);
      return (v) => {
        const map = v as SqlMap;
        const entries = map.keys.map((k, i) => {
          const item = map.values[i]!;
          return { key: key(k), text: item === null ? "null" : value(item) };
        });
        if (writing.sortKeys) entries.sort(byKey);
        return `{${entries.map((entry) => `${JSON.stringify(entry.key)}:${entry.text}`).join(",")}}`;
      };
    }
    case "struct": {
      const fields = type.fields.map((f, i) => ({ key: f.name, i, write: writerOf(f.type, writing) }));
      if (writing.sortKeys) fields.sort(byKey);
      return (v) => {
        const parts: string[] = [];
        for (const { key, i, write } of fields) {
          const item = (v as readonly SqlValue[])[i]!;
          if (item !== null || writing.nullFields)
            parts.push(`${JSON.stringify(key)}:${item === null ? "null" : write(item)}`);
        }
        return `{${parts.join(",")}}`;
      };
    }
    default: {
      const print = textOf(type, context.timeZone);
      return (v) => JSON.stringify(print(v));
    }
  }
}

/** With two spaces for each level and a space on both sides of colons, as Jackson prints. */
function prettyJson(text: string): string {
  return JSON.stringify(JSON.parse(text), null, 2).replaceAll(/^(\s*"(?:[^"\\]|\\.)*"):/gm, "$1 :");
}

const toJson = stringFunction({
  name: "to_json",
  arity: [1, 2],
  resolve(args, call) {
    const { type } = args[0]!;
    if (
      type.kind !== "struct" &&
      type.kind !== "array" &&
      type.kind !== "map" &&
      type.kind !== "variant" &&
      type.kind !== "null"
    )
      throw new MillraceError("DATATYPE_MISMATCH.INVALID_JSON_SCHEMA", { sqlExpr: call.sql, schema: quotedType(type) });
    requireOptions("to_json", args[1], call, false);
    return { args: args.map((a) => a.type), returns: stringType };
  },
  bind: ({ args }, context, infos) => {
    const options = textOptions(infos[1]);
    if (args[0]!.kind === "null") return () => null;
    const write = writerOf(args[0]!, {
      context,
      dateFormat: options.text("dateFormat"),
      timestampFormat: options.text("timestampFormat"),
      nullFields: !options.flag("ignoreNullFields", true),
      sortKeys: options.flag("sortKeys", false),
    });
    if (!options.flag("pretty", false)) return (value) => write(value!);
    return (value) => prettyJson(write(value!));
  },
  usage: "to_json(expr[, options])",
  summary:
    "JSON text of a struct, array or map. NULL fields of structs are left out; timestamps have milliseconds and the session's offset.",
  examples: example("to_json(named_struct('a', 1, 'b', 2.5D, 'c', NULL))", '{"a":1,"b":2.5}'),
});

export const json: readonly ScalarFunction[] = [fromJson, toJson].map(jsonDoc);

import { asVariant } from "../../columnar/variant-reader.ts";
import { MillraceError } from "../../errors/index.ts";
import { type DataType, type SqlMap, type SqlValue, stringType } from "../../types/data-type.ts";
import { parseDataType, parseDdl } from "../../types/ddl.ts";
import { textOf } from "../cast-text.ts";
import { compileDatetimePattern } from "../datetime-pattern.ts";
import { parseDate, parseTimestamp, parseTimestampNtz, dateText } from "../datetime-text.ts";
import { fitsPrecision, parseDecimal } from "../decimal.ts";
import type { EvalContext, ScalarFunction } from "../function.ts";
import { isList, isObject, JsonNumber, type JsonTree, parseJson, printJson } from "../json-text.ts";
import { type CallInfo, coerceArgument, requireLiteral } from "../resolution.ts";
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
          ? round(Number(tree.text))
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

function leniencyOf(options: TextOptions): JsonLeniency {
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
    case "date":
      return (v) => `"${dateText(v as number)}"`;
    case "timestamp":
    case "timestamp_ntz": {
      const zone = timeZoneOf(type.kind === "timestamp" ? context.timeZone : "UTC");
      const millis = compileDatetimePattern(
        type.kind === "timestamp" ? "yyyy-MM-dd'T'HH:mm:ss.SSSXXX" : "yyyy-MM-dd'T'HH:mm:ss.SSS",
      );
      return (v) => `"${millis.format(v as bigint, zone)}"`;
    }
    case "variant": {
      const print = variantJson(context.timeZone);
      return (v) => print(asVariant(v));
    }
    case "array": {
      const element = writerOf(type.element, context);
      return (v) => `[${(v as readonly SqlValue[]).map((x) => (x === null ? "null" : element(x))).join(",")}]`;
    }
    case "map": {
      const key = textOf(type.key, context.timeZone);
      const value = writerOf(type.value, context);
      return (v) => {
        const map = v as SqlMap;
        const entry = (k: SqlValue, i: number): string => {
          const item = map.values[i]!;
          return `${JSON.stringify(key(k))}:${item === null ? "null" : value(item)}`;
        };
        return `{${map.keys.map(entry).join(",")}}`;
      };
    }
    case "struct": {
      const fields = type.fields.map((f) => ({ name: JSON.stringify(f.name), write: writerOf(f.type, context) }));
      return (v) =>
        `{${fields
          .map(({ name, write }, i) => {
            const item = (v as readonly SqlValue[])[i]!;
            return item === null ? undefined : `${name}:${write(item)}`;
          })
          .filter((entry) => entry !== undefined)
          .join(",")}}`;
    }
    default: {
      const print = textOf(type, context.timeZone);
      return (v) => JSON.stringify(print(v));
    }
  }
}

const toJson = stringFunction({
  name: "to_json",
  arity: [1, 2],
  resolve(args, call) {
    const { type } = args[0]!;
    if (type.kind !== "struct" && type.kind !== "array" && type.kind !== "map" && type.kind !== "variant")
      throw new MillraceError("DATATYPE_MISMATCH.INVALID_JSON_SCHEMA", { sqlExpr: call.sql, schema: quotedType(type) });
    return { args: args.map((a) => a.type), returns: stringType };
  },
  bind: ({ args }, context) => {
    const write = writerOf(args[0]!, context);
    return (value) => write(value!);
  },
  usage: "to_json(expr[, options])",
  summary:
    "JSON text of a struct, array or map. NULL fields of structs are left out; timestamps have milliseconds and the session's offset.",
  examples: example("to_json(named_struct('a', 1, 'b', 2.5D, 'c', NULL))", '{"a":1,"b":2.5}'),
});

type Step = { readonly key: string } | { readonly index: number } | "wildcard";
/** `$.a['b'][0].*` as steps, or undefined for a malformed path. */
function pathOf(path: string): readonly Step[] | undefined {
  if (!path.startsWith("$")) return undefined;
  const steps: Step[] = [];
  const grammar = /\.\*|\[\*\]|\.([^.[\]]+)|\['([^']*)'\]|\[(\d+)\]/y;
  grammar.lastIndex = 1;
  while (grammar.lastIndex < path.length) {
    const match = grammar.exec(path);
    if (match === null) return undefined;
    if (match[3] !== undefined) steps.push({ index: Number(match[3]) });
    else if (match[1] !== undefined || match[2] !== undefined) steps.push({ key: (match[1] ?? match[2])! });
    else steps.push("wildcard");
  }
  return steps;
}
function follow(tree: JsonTree, steps: readonly Step[], at: number): readonly JsonTree[] {
  const step = steps[at];
  if (step === undefined) return [tree];
  if (tree === null || typeof tree !== "object" || tree instanceof JsonNumber) return [];
  if (step === "wildcard") return (isObject(tree) ? [...tree.values()] : tree).flatMap((t) => follow(t, steps, at + 1));
  if ("index" in step) {
    const item = isList(tree) ? tree[step.index] : undefined;
    return item === undefined ? [] : follow(item, steps, at + 1);
  }
  // A key after a list is looked up in each of its elements.
  if (isList(tree)) return tree.flatMap((t) => follow(t, steps, at));
  const value = tree.get(step.key);
  return value === undefined ? [] : follow(value, steps, at + 1);
}

const getJsonObject = stringFunction({
  name: "get_json_object",
  arity: [2, 2],
  resolve: (args, call) => ({ args: args.map((a, i) => coerceArgument(a, stringType, i, call)), returns: stringType }),
  canReturnNull: true,
  bind: () => (json, path) => {
    const steps = pathOf((path as string).trim());
    const tree = steps === undefined ? undefined : parseJson(json as string);
    if (steps === undefined || tree === undefined) return null;
    const found = follow(tree, steps, 0);
    if (found.length === 0) return null;
    if (found.length > 1) return printJson(found);
    const [only] = found;
    return only === null || only === undefined ? null : typeof only === "string" ? only : printJson(only);
  },
  usage: "get_json_object(json, path)",
  summary: "The value at a path such as $.a.b[0] as text; NULL when there is none or the JSON is malformed.",
  examples: example("get_json_object('{\"a\":{\"b\":[1,2]}}', '$.a.b[1]')", "2"),
});

export const json: readonly ScalarFunction[] = [fromJson, toJson, getJsonObject].map(jsonDoc);

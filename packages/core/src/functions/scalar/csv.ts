/** CSV text in columns: FROM_CSV, TO_CSV, SCHEMA_OF_CSV. */
import { encodeUtf8 } from "../../columnar/utf8.ts";
import { hexOf } from "../../columnar/hex.ts";
import { MillraceError } from "../../errors/index.ts";
import {
  bigintType,
  booleanType,
  type DataType,
  dateType,
  decimalType,
  doubleType,
  field,
  intType,
  type SqlValue,
  stringType,
  type StructType,
  structType,
  timestampType,
} from "../../types/data-type.ts";
import { parseDataType, parseDdl } from "../../types/ddl.ts";
import { sqlName } from "../../types/type-names.ts";
import { textOf } from "../cast-text.ts";
import { csvDialect, joinCsv, splitCsv } from "../csv-text.ts";
import { compileDatetimePattern } from "../datetime-pattern.ts";
import { dateText, parseDate, parseTimestamp, parseTimestampNtz } from "../datetime-text.ts";
import { fitsPrecision, parseDecimal } from "../decimal.ts";
import type { EvalContext, ScalarFunction } from "../function.ts";
import { parseDouble } from "../number-text.ts";
import { coerceArgument, requireLiteral, unexpectedInput } from "../resolution.ts";
import { corruptField, requireOptions, schemaText, type TextOptions, textOptions } from "../text-options.ts";
import { timeZoneOf } from "../time-zone.ts";
import { quotedType } from "../type-text.ts";
import { example, stringFunction } from "./string-function.ts";

const group = "CSV";
const microsOfDay = 86_400_000_000n;

function schemaOf(text: string): StructType {
  let type: DataType;
  try {
    type = parseDataType(text);
  } catch {
    type = parseDdl(text);
  }
  if (type.kind !== "struct")
    throw new MillraceError("INVALID_SCHEMA.NON_STRUCT_TYPE", { inputSchema: `"${text}"`, dataType: quotedType(type) });
  const nested = type.fields.find((f) => f.type.kind === "array" || f.type.kind === "map" || f.type.kind === "struct");
  if (nested !== undefined) throw new MillraceError("UNSUPPORTED_DATATYPE", { typeName: quotedType(nested.type) });
  return type;
}

const integerBits: Readonly<Record<string, number>> = { tinyint: 8, smallint: 16, int: 32, bigint: 64 };

/** A value of a type from a field, or undefined for a malformed one. */
function fieldReader(
  type: DataType,
  options: TextOptions,
  context: EvalContext,
): (text: string) => SqlValue | undefined {
  switch (type.kind) {
    case "tinyint":
    case "smallint":
    case "int":
    case "bigint": {
      const bits = integerBits[type.kind]!;
      return (text) => {
        if (!/^[+-]?\d{1,20}$/.test(text)) return undefined;
        const value = BigInt(text.replace("+", ""));
        if (BigInt.asIntN(bits, value) !== value) return undefined;
        return bits === 64 ? value : Number(value);
      };
    }
    case "float":
    case "double": {
      const named = new Map([
        [options.text("nanValue") ?? "NaN", Number.NaN],
        [options.text("positiveInf") ?? "Inf", Infinity],
        [options.text("negativeInf") ?? "-Inf", -Infinity],
      ]);
      const round: (x: number) => number = type.kind === "float" ? Math.fround : (x) => x;
      return (text) => {
        const value = named.get(text) ?? parseDouble(text);
        return value === undefined ? undefined : round(value);
      };
    }
    case "decimal":
      return (text) => {
        const value = parseDecimal(text, type.scale);
        return value === undefined || !fitsPrecision(value, type.precision) ? undefined : value;
      };
    case "boolean":
      return (text) => (/^true$/i.test(text) ? true : /^false$/i.test(text) ? false : undefined);
    case "binary":
      return encodeUtf8;
    case "date": {
      const format = options.text("dateFormat");
      if (format === undefined) return parseDate;
      const pattern = compileDatetimePattern(format);
      return (text) => {
        const micros = pattern.parse(text, timeZoneOf("UTC"));
        return micros === undefined ? undefined : Number(micros / microsOfDay);
      };
    }
    case "timestamp":
    case "timestamp_ntz": {
      const format = options.text("timestampFormat");
      const zone = timeZoneOf(type.kind === "timestamp" ? context.timeZone : "UTC");
      if (format !== undefined) {
        const pattern = compileDatetimePattern(format);
        return (text) => pattern.parse(text, zone);
      }
      return type.kind === "timestamp" ? (text) => parseTimestamp(text, zone) : parseTimestampNtz;
    }
    default:
      return (text) => text;
  }
}

const fromCsv = stringFunction({
  group,
  name: "from_csv",
  arity: [2, 3],
  resolve(args, call) {
    const returns = schemaOf(schemaText(args[1]!, call));
    requireOptions("from_csv", args[2], call, true);
    if (args[0]!.type.kind !== "string" && args[0]!.type.kind !== "null")
      throw unexpectedInput(args[0]!, "STRING", 0, call);
    // Any field may be missing, whatever the schema says.
    const nullable = structType(returns.fields.map((f) => field(f.name, f.type)));
    return {
      args: [coerceArgument(args[0]!, stringType, 0, call), stringType, ...args.slice(2).map(({ type }) => type)],
      returns: nullable,
    };
  },
  canReturnNull: true,
  bind({ returns }, context, args) {
    const options = textOptions(args[2]);
    const dialect = csvDialect(options, false);
    const { fields } = returns as StructType;
    const corrupt = corruptField(returns, options.text("columnNameOfCorruptRecord"));
    const failFast = options.text("mode")?.toUpperCase() === "FAILFAST";
    const readers = fields.map((f) => fieldReader(f.type, options, context));
    const width = fields.length - (corrupt >= 0 ? 1 : 0);
    return (line) => {
      const text = line as string;
      const parts = splitCsv(text, dialect);
      let bad = parts.length > 0 && parts.length !== width;
      let next = 0;
      const row = readers.map((read, i): SqlValue => {
        if (i === corrupt) return null;
        const part = parts[next++];
        if (part === undefined || part === null) return null;
        const value = read(part);
        if (value === undefined) bad = true;
        return value ?? null;
      });
      if (bad && failFast)
        throw new MillraceError("MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION", {
          badRecord: text,
          where: "from_csv",
          reason: "it does not fit the schema",
          failFastMode: "FAILFAST",
        });
      if (bad && corrupt >= 0) row[corrupt] = text;
      return row;
    };
  },
  usage: "from_csv(csv, schema[, options])",
  summary: "A struct of one line of CSV by a schema in DDL; a malformed field is NULL (an error with mode FAILFAST).",
  examples: example("from_csv('1, 0.8', 'a INT, b DOUBLE')", "{1, 0.8}"),
});

function fieldWriter(type: DataType, options: TextOptions, context: EvalContext): (value: SqlValue) => string {
  switch (type.kind) {
    case "binary":
      return (v) =>
        `[${hexOf(v as Uint8Array)
          .toUpperCase()
          .replaceAll(/(..)(?=.)/g, "$1 ")}]`;
    case "date": {
      const format = options.text("dateFormat");
      if (format === undefined) return (v) => dateText(v as number);
      const pattern = compileDatetimePattern(format);
      return (v) => pattern.format(BigInt(v as number) * microsOfDay, timeZoneOf("UTC"));
    }
    case "timestamp":
    case "timestamp_ntz": {
      const zone = timeZoneOf(type.kind === "timestamp" ? context.timeZone : "UTC");
      const otherwise = type.kind === "timestamp" ? "yyyy-MM-dd'T'HH:mm:ss.SSSXXX" : "yyyy-MM-dd'T'HH:mm:ss.SSS";
      const pattern = compileDatetimePattern(options.text("timestampFormat") ?? otherwise);
      return (v) => pattern.format(v as bigint, zone);
    }
    default:
      return textOf(type, context.timeZone);
  }
}

const toCsv = stringFunction({
  group,
  name: "to_csv",
  arity: [1, 2],
  resolve(args, call) {
    const { type } = args[0]!;
    if (type.kind !== "struct" && type.kind !== "null")
      throw new MillraceError("DATATYPE_MISMATCH.UNSUPPORTED_INPUT_TYPE", {
        sqlExpr: call.sql,
        functionName: "`to_csv`",
        dataType: quotedType(type),
      });
    requireOptions("to_csv", args[1], call, false);
    return { args: args.map((a) => a.type), returns: stringType };
  },
  bind({ args }, context, infos) {
    const type = args[0]!;
    if (type.kind !== "struct") return () => null;
    const options = textOptions(infos[1]);
    const dialect = csvDialect(options, true);
    const all = options.flag("quoteAll", false);
    const escapesQuotes = options.flag("escapeQuotes", true);
    const writers = type.fields.map((f) => fieldWriter(f.type, options, context));
    return (value) => {
      const row = value as readonly SqlValue[];
      const texts = writers.map((write, i) => (row[i] === null ? null : write(row[i]!)));
      return joinCsv(texts, dialect, all, escapesQuotes);
    };
  },
  usage: "to_csv(struct[, options])",
  summary: "The fields of a struct as one line of CSV.",
  examples: example("to_csv(named_struct('a', 1, 'b', 2))", "1,2"),
});

const schemaOfCsv = stringFunction({
  group,
  name: "schema_of_csv",
  arity: [1, 2],
  resolve(args, call) {
    const line = requireLiteral(args[0], "csv", call);
    if (line === null)
      throw new MillraceError("DATATYPE_MISMATCH.UNEXPECTED_NULL", { sqlExpr: call.sql, exprName: "csv" });
    requireOptions("schema_of_csv", args[1], call, false);
    return { args: [stringType, ...args.slice(1).map(({ type }) => type)], returns: stringType };
  },
  bind(_types, context, args) {
    const options = textOptions(args[1]);
    const dialect = csvDialect(options, false);
    const ladder = [intType, bigintType, doubleType, dateType, timestampType, booleanType].map(
      (type) => [type, fieldReader(type, options, context)] as const,
    );
    const typeOfField = (text: string | null): DataType => {
      if (text === null) return stringType;
      const whole = /^[+-]?0*(\d{19,38})$/.exec(text);
      const found = ladder.find(([, read]) => read(text) !== undefined)?.[0] ?? stringType;
      // Whole numbers beyond 64 bits keep their digits.
      if (whole !== null && found.kind === "double") return decimalType(whole[1]!.length, 0);
      return found.kind === "date" && !/^\d{4}-\d{1,2}-\d{1,2}$/.test(text) && options.text("dateFormat") === undefined
        ? timestampType
        : found;
    };
    return (line) =>
      sqlName(structType(splitCsv(line as string, dialect).map((text, i) => field(`_c${i}`, typeOfField(text)))));
  },
  usage: "schema_of_csv(csv[, options])",
  summary: "The schema of a constant line of CSV, in the form that from_csv takes.",
  examples: example("schema_of_csv('1,abc')", "STRUCT<_c0: INT, _c1: STRING>"),
});

export const csv: readonly ScalarFunction[] = [fromCsv, toCsv, schemaOfCsv];

/**
 * Values of partition columns, which stand in the names of directories: `day=2024-02-29`. Types are inferred and values are
 * read as Spark does it.
 * @see Spark, `PartitioningUtils`
 */
import { encodeUtf8 } from "../../columnar/utf8.ts";
import { parseDecimal } from "../../columnar/decimal-values.ts";
import { MillraceError } from "../../errors/index.ts";
import { bindCast } from "../../functions/casts.ts";
import { findCommonType } from "../../functions/coercion.ts";
import { defaultPartitionName, unescapePathName } from "../../logical-plan/partition-path.ts";
import {
  bigintType,
  type DataType,
  dateType,
  decimalType,
  doubleType,
  intType,
  nullType,
  type SqlValue,
  stringType,
  timestampType,
} from "../../types/data-type.ts";
import { sqlName } from "../../types/type-names.ts";

const dayForm = /^\d{4}-\d{2}-\d{2}$/;
const secondForm = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(?:\.\d)?$/;
/** What `Double.parseDouble` takes. */
const doubleForm =
  /^[\0- ]*([+-]?(?:NaN|Infinity|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?=[fFdD]?[\0- ]*$)))[fFdD]?[\0- ]*$/;

/** What `new BigDecimal` takes. */
const decimalForm = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

function parsedDouble(raw: string): number | undefined {
  const text = doubleForm.exec(raw)?.[1];
  return text === undefined ? undefined : Number(text.replace(/^\+/, ""));
}

function parsedInteger(raw: string, least: bigint, most: bigint): bigint | undefined {
  if (!/^[+-]?\d{1,40}$/.test(raw)) return undefined;
  const value = BigInt(raw.replace(/^\+/, ""));
  return value < least || value > most ? undefined : value;
}

const integerRanges: Readonly<Record<"tinyint" | "smallint" | "int" | "bigint", readonly [bigint, bigint]>> = {
  tinyint: [-128n, 127n],
  smallint: [-32768n, 32767n],
  int: [-(2n ** 31n), 2n ** 31n - 1n],
  bigint: [-(2n ** 63n), 2n ** 63n - 1n],
};

/** The type that a value as it stands in a path has by itself. */
export function inferPartitionType(raw: string, inference: boolean, timeZone: string): DataType {
  if (raw === defaultPartitionName) return nullType;
  if (!inference) return stringType;
  if (parsedInteger(raw, ...integerRanges.int) !== undefined) return intType;
  if (parsedInteger(raw, ...integerRanges.bigint) !== undefined) return bigintType;
  const number = /^[+-]?(\d*)\.?(\d*)(?:[eE]([+-]?\d{1,9}))?$/.exec(raw);
  if (number !== null && number[1]! + number[2]! !== "") {
    // A decimal only when it is a whole number.
    const scale = number[2]!.length - Number(number[3] ?? 0);
    const digits = (number[1]! + number[2]!).replace(/^0+/, "").length || 1;
    if (scale <= 0 && digits - scale <= 38) return decimalType(digits - scale, 0);
  }
  if (parsedDouble(raw) !== undefined) return doubleType;
  const text = unescapePathName(raw);
  if (secondForm.test(text) && bindCast(stringType, timestampType, "try", timeZone)(text) !== null)
    return timestampType;
  if (dayForm.test(raw) && bindCast(stringType, dateType, "try", timeZone)(raw) !== null) return dateType;
  return stringType;
}

/** The type of a column whose values have these types. */
export function commonPartitionType(types: readonly DataType[]): DataType {
  return types.reduce((a, b) => {
    if (a.kind === "null") return b;
    if (b.kind === "null") return a;
    const kinds = [a.kind, b.kind];
    // Numbers that a double cannot hold keep their digits.
    if (kinds.includes("double") && (kinds.includes("decimal") || kinds.includes("bigint"))) return stringType;
    return kinds.includes("string") ? stringType : (findCommonType(a, b) ?? stringType);
  });
}

/**
 * A value as it stands in a path, as a value of the column's type.
 * @throws MillraceError INVALID_PARTITION_VALUE
 */
export function partitionValue(raw: string, type: DataType, columnName: string, timeZone: string): SqlValue {
  if (raw === defaultPartitionName) return null;
  const value = castValue(raw, type, timeZone);
  if (value !== undefined) return value;
  throw new MillraceError("INVALID_PARTITION_VALUE", {
    value: `'${raw}'`,
    dataType: `"${sqlName(type)}"`,
    columnName: `\`${columnName}\``,
  });
}

function castValue(raw: string, type: DataType, timeZone: string): SqlValue | undefined {
  switch (type.kind) {
    case "null":
      return null;
    case "string":
      return unescapePathName(raw);
    case "binary":
      return encodeUtf8(raw);
    case "boolean":
      return /^true$/i.test(raw) ? true : /^false$/i.test(raw) ? false : undefined;
    case "tinyint":
    case "smallint":
    case "int": {
      const value = parsedInteger(raw, ...integerRanges[type.kind]);
      return value === undefined ? undefined : Number(value);
    }
    case "bigint":
      return parsedInteger(raw, ...integerRanges.bigint);
    case "float":
    case "double": {
      const value = parsedDouble(raw);
      return value === undefined ? undefined : type.kind === "float" ? Math.fround(value) : value;
    }
    case "decimal":
      // A number with too many digits is NULL, as in Spark.
      return parseDecimal(raw, type.precision, type.scale) ?? (decimalForm.test(raw) ? null : undefined);
    case "date":
      return bindCast(stringType, type, "try", timeZone)(raw) ?? undefined;
    default:
      if (type.kind === "array" || type.kind === "map" || type.kind === "struct" || type.kind === "variant") {
        return undefined;
      }
      return bindCast(stringType, type, "try", timeZone)(unescapePathName(raw)) ?? undefined;
  }
}

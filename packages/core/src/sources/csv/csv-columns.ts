/** Columns of CSV fields, by Spark's rules for text in CSV (UnivocityParser). */
import { createBuilder } from "../../columnar/vector-builder.ts";
import { parseDecimal } from "../../columnar/decimal-values.ts";
import { decodeUtf8, encodeUtf8, isValidUtf8 } from "../../columnar/utf8.ts";
import { MillraceError } from "../../errors/index.ts";
import { parseDouble } from "../../functions/number-text.ts";
import { variantOfText } from "../../functions/variant-json.ts";
import type { DataType, SqlValue } from "../../types/data-type.ts";
import type { RecordColumn, RowFailures } from "../files/record-assembly.ts";
import { readSafeInteger } from "../files/numbers-in-bytes.ts";
import type { CsvOptions } from "./csv-options.ts";
import { csvEscaped, csvMissing, csvQuoted, unescapeCsv, type CsvScanner } from "./csv-scanner.ts";

const integerRanges: Partial<Record<DataType["kind"], readonly [bigint, bigint]>> = {
  tinyint: [-128n, 127n],
  smallint: [-32768n, 32767n],
  int: [-2147483648n, 2147483647n],
  bigint: [-(2n ** 63n), 2n ** 63n - 1n],
};

/** Text to a value of the type; undefined for text that is none. */
export function csvValueReader(type: DataType, options: CsvOptions): (text: string) => SqlValue | undefined {
  switch (type.kind) {
    case "null":
      return () => null;
    case "string":
      return (text) => text;
    case "binary":
      return (text) => encodeUtf8(text);
    case "boolean":
      return (text) => {
        const lower = text.toLowerCase();
        return lower === "true" ? true : lower === "false" ? false : undefined;
      };
    case "tinyint":
    case "smallint":
    case "int":
    case "bigint": {
      const [least, most] = integerRanges[type.kind]!;
      const wide = type.kind === "bigint";
      return (text) => {
        if (!/^[+-]?\d{1,40}$/.test(text)) return undefined;
        const value = BigInt(text.startsWith("+") ? text.slice(1) : text);
        if (value < least || value > most) return undefined;
        return wide ? value : Number(value);
      };
    }
    case "float":
    case "double":
      return (text) => {
        let value: number | undefined;
        if (text === options.nanValue) value = Number.NaN;
        else if (text === options.positiveInf) value = Infinity;
        else if (text === options.negativeInf) value = -Infinity;
        else value = parseDouble(text);
        return value === undefined ? undefined : type.kind === "float" ? Math.fround(value) : value;
      };
    case "decimal":
      return (text) => parseDecimal(text.trim(), type.precision, type.scale);
    case "date":
    case "timestamp":
    case "timestamp_ntz":
    case "time":
    case "interval_day_time":
    case "interval_year_month":
      return options.text.reader(type);
    case "variant":
      return (text) => variantOfText(text) as readonly SqlValue[];
    case "array":
    case "map":
    case "struct":
      throw new MillraceError("INVALID_OPTION", {
        option: "schema",
        provider: "csv",
        value: type.kind,
        expected: "CSV has no nested columns; read a STRING and use from_json.",
      });
  }
}

export function csvColumn(scanner: CsvScanner, slot: number, type: DataType, options: CsvOptions): RecordColumn {
  const read = csvValueReader(type, options);
  const nullBytes = encodeUtf8(options.nullValue);
  const { quote, escape } = options.syntax;

  /** Whether the field is NULL by its text; an absent field is. */
  const isNull = (cell: number): boolean => {
    const start = scanner.starts[cell]!;
    const length = scanner.ends[cell]! - start;
    if (scanner.kinds[cell] === csvMissing) return true;
    if (length !== nullBytes.length || scanner.kinds[cell] === csvEscaped) return false;
    // A quoted empty value stands for `emptyValue`.
    if (length === 0 && scanner.kinds[cell] === csvQuoted) return options.emptyValue === options.nullValue;
    for (let i = 0; i < length; i++) if (scanner.bytes[start + i] !== nullBytes[i]) return false;
    return true;
  };
  const textOf = (cell: number): string => {
    const start = scanner.starts[cell]!;
    const end = scanner.ends[cell]!;
    if (start === end && scanner.kinds[cell] === csvQuoted) return options.emptyValue;
    if (scanner.kinds[cell] !== csvEscaped) return decodeUtf8(scanner.bytes, start, end);
    const target = new Uint8Array(end - start);
    return decodeUtf8(target, 0, unescapeCsv(scanner.bytes, start, end, target, quote, escape));
  };

  if (type.kind === "string") {
    return {
      convert(rows: Int32Array, count: number) {
        const builder = createBuilder({ kind: "string" }, count);
        for (let i = 0; i < count; i++) {
          const cell = rows[i]! * scanner.fieldCount + slot;
          const start = scanner.starts[cell]!;
          const end = scanner.ends[cell]!;
          if (isNull(cell)) builder.appendNull();
          else if (scanner.kinds[cell] !== csvEscaped && start < end && isValidUtf8(scanner.bytes, start, end)) {
            builder.appendBytes(scanner.bytes, start, end);
          } else builder.append(textOf(cell));
        }
        return builder.finish();
      },
    };
  }
  const whole = type.kind === "int" || type.kind === "smallint" || type.kind === "tinyint";
  const [least, most] = whole ? (integerRanges[type.kind]!.map(Number) as [number, number]) : [0, 0];
  return {
    convert(rows: Int32Array, count: number, failures: RowFailures) {
      const builder = createBuilder(type, count);
      for (let i = 0; i < count; i++) {
        const row = rows[i]!;
        const cell = row * scanner.fieldCount + slot;
        if (isNull(cell)) {
          builder.appendNull();
          continue;
        }
        if (whole && isPlainInteger(scanner, cell)) {
          const value = readSafeInteger(scanner.bytes, scanner.starts[cell]!, scanner.ends[cell]!);
          if (value >= least && value <= most) {
            builder.append(value);
            continue;
          }
        }
        const text = textOf(cell);
        const value = read(text);
        if (value === undefined) {
          failures.set(row, `the value ${JSON.stringify(text.slice(0, 100))} is not a ${type.kind}`);
          builder.appendNull();
        } else {
          builder.append(value);
        }
      }
      return builder.finish();
    },
  };
}

/** A minus sign and digits, at most 10: what most integers are. */
function isPlainInteger(scanner: CsvScanner, cell: number): boolean {
  const { bytes } = scanner;
  let p = scanner.starts[cell]!;
  const end = scanner.ends[cell]!;
  if (bytes[p] === 45) p++;
  if (end - p < 1 || end - p > 10) return false;
  for (; p < end; p++) if (bytes[p]! < 48 || bytes[p]! > 57) return false;
  return true;
}

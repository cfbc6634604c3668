/** The Parquet schema of a SQL schema, as Spark writes it. */
import { MillraceError } from "../errors/index.ts";
import { binaryType, type DataType, type DecimalType, type Field, type StructType } from "../types/data-type.ts";
import { quoteIdentifier } from "../types/identifier.ts";
import { sqlName } from "../types/type-names.ts";
import { convertedType, type LogicalType, physicalType, repetition, type SchemaElement } from "./metadata.ts";
import { largestPrecision } from "./sql-types.ts";

export type TimestampForm = "micros" | "millis" | "int96";

/** How one leaf is written. */
export interface WriteLeaf {
  readonly path: readonly string[];
  readonly element: SchemaElement;
  readonly type: DataType;
  readonly maxDefinition: number;
  readonly maxRepetition: number;
  /** The way from the column down to the leaf. */
  readonly steps: readonly WriteStep[];
  readonly column: number;
}
/** One node on the way to a leaf. */
export interface WriteStep {
  readonly optional: boolean;
  /** Which child is next: the field of a struct, 0 and 1 for key and value of a map; the element of a list; none below a leaf. */
  readonly into: { readonly kind: "field" | "entry"; readonly index: number } | { readonly kind: "element" | "value" };
}

export interface WriteSchema {
  readonly elements: readonly SchemaElement[];
  readonly leaves: readonly WriteLeaf[];
}

export const variantFields: readonly Field[] = [
  { name: "value", type: binaryType, nullable: false },
  { name: "metadata", type: binaryType, nullable: false },
];

/** @throws MillraceError UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE for a column of a type that the format does not have */
export function writeSchema(schema: StructType, timestamps: TimestampForm): WriteSchema {
  const elements: SchemaElement[] = [{ name: "spark_schema", children: schema.fields.length }];
  const leaves: WriteLeaf[] = [];

  const add = (
    name: string,
    type: DataType,
    optional: boolean,
    above: { readonly path: readonly string[]; readonly definition: number; readonly depth: number },
    steps: readonly WriteStep[],
    column: number,
  ): void => {
    const path = [...above.path, name];
    const definition = above.definition + (optional ? 1 : 0);
    const own = { name, repetition: optional ? repetition.optional : repetition.required };
    switch (type.kind) {
      case "struct":
      case "variant": {
        const fields = type.kind === "struct" ? type.fields : variantFields;
        if (fields.length === 0) throw unsupported(schema.fields[column]!);
        elements.push({ ...own, children: fields.length });
        for (const [index, field] of fields.entries()) {
          const into = { kind: "field", index } as const;
          const below = { path, definition, depth: above.depth };
          add(field.name, field.type, field.nullable, below, [...steps, { optional, into }], column);
        }
        return;
      }
      case "array": {
        elements.push({ ...own, children: 1, convertedType: convertedType.list, logicalType: { kind: "list" } });
        elements.push({ name: "list", repetition: repetition.repeated, children: 1 });
        const below = { path: [...path, "list"], definition: definition + 1, depth: above.depth + 1 };
        const step: WriteStep = { optional, into: { kind: "element" } };
        add("element", type.element, type.containsNull, below, [...steps, step], column);
        return;
      }
      case "map": {
        elements.push({ ...own, children: 1, convertedType: convertedType.map, logicalType: { kind: "map" } });
        elements.push({ name: "key_value", repetition: repetition.repeated, children: 2 });
        const below = { path: [...path, "key_value"], definition: definition + 1, depth: above.depth + 1 };
        const entry = (index: number): WriteStep => ({ optional, into: { kind: "entry", index } });
        add("key", type.key, false, below, [...steps, entry(0)], column);
        add("value", type.value, type.valueContainsNull, below, [...steps, entry(1)], column);
        return;
      }
      default: {
        const element = leafElement(own, type, timestamps);
        if (element === undefined) throw unsupported(schema.fields[column]!);
        elements.push(element);
        leaves.push({
          path,
          element,
          type,
          maxDefinition: definition,
          maxRepetition: above.depth,
          steps: [...steps, { optional, into: { kind: "value" } }],
          column,
        });
      }
    }
  };
  for (const [column, field] of schema.fields.entries()) {
    add(field.name, field.type, field.nullable, { path: [], definition: 0, depth: 0 }, [], column);
  }
  return { elements, leaves };
}

function unsupported(field: Field): MillraceError {
  return new MillraceError("UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE", {
    format: "Parquet",
    columnName: quoteIdentifier(field.name),
    columnType: `"${sqlName(field.type)}"`,
  });
}

/** Bytes that a decimal of the precision needs. */
export function decimalBytes(precision: number): number {
  let bytes = 1;
  while (largestPrecision(bytes) < precision) bytes++;
  return bytes;
}

function decimalElement(own: Pick<SchemaElement, "name" | "repetition">, type: DecimalType): SchemaElement {
  const { precision, scale } = type;
  const logical = {
    convertedType: convertedType.decimal,
    precision,
    scale,
    logicalType: { kind: "decimal", precision, scale } as const,
  };
  if (precision <= 9) return { ...own, ...logical, type: physicalType.int32 };
  if (precision <= 18) return { ...own, ...logical, type: physicalType.int64 };
  return { ...own, ...logical, type: physicalType.fixed, typeLength: decimalBytes(precision) };
}

function leafElement(
  own: Pick<SchemaElement, "name" | "repetition">,
  type: DataType,
  timestamps: TimestampForm,
): SchemaElement | undefined {
  const int64 = (logicalType?: LogicalType, converted?: number): SchemaElement => ({
    ...own,
    type: physicalType.int64,
    ...(converted === undefined ? {} : { convertedType: converted }),
    ...(logicalType === undefined ? {} : { logicalType }),
  });
  switch (type.kind) {
    case "boolean":
      return { ...own, type: physicalType.boolean };
    case "tinyint":
    case "smallint": {
      const bits = type.kind === "tinyint" ? 8 : 16;
      const converted = bits === 8 ? convertedType.int8 : convertedType.int16;
      const logicalType = { kind: "integer", bits, signed: true } as const;
      return { ...own, type: physicalType.int32, convertedType: converted, logicalType };
    }
    case "int":
    case "interval_year_month":
      return { ...own, type: physicalType.int32 };
    case "date":
      return { ...own, type: physicalType.int32, convertedType: convertedType.date, logicalType: { kind: "date" } };
    case "bigint":
    case "interval_day_time":
      return int64();
    case "timestamp":
      if (timestamps === "int96") return { ...own, type: physicalType.int96 };
      return int64(
        { kind: "timestamp", utc: true, unit: timestamps },
        timestamps === "micros" ? convertedType.timestampMicros : convertedType.timestampMillis,
      );
    case "timestamp_ntz":
      return int64({ kind: "timestamp", utc: false, unit: "micros" });
    case "time":
      return int64({ kind: "time", utc: false, unit: type.precision <= 6 ? "micros" : "nanos" });
    case "float":
      return { ...own, type: physicalType.float };
    case "double":
      return { ...own, type: physicalType.double };
    case "decimal":
      return decimalElement(own, type);
    case "string": {
      const logicalType = { kind: "string" } as const;
      return { ...own, type: physicalType.byteArray, convertedType: convertedType.utf8, logicalType };
    }
    case "binary":
      return { ...own, type: physicalType.byteArray };
    default:
      return undefined;
  }
}

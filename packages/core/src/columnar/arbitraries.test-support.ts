/** Random types, values and batches for property tests; not part of the built package. */
import * as fc from "fast-check";
import {
  arrayType,
  binaryType,
  booleanType,
  bigintType,
  type DataType,
  dateType,
  decimalType,
  doubleType,
  floatType,
  intType,
  mapType,
  nullType,
  smallintType,
  type SqlValue,
  stringType,
  type StructType,
  structType,
  timestampNtzType,
  timestampType,
  timeType,
  tinyintType,
} from "../types/data-type.ts";
import { batchFromValues } from "./batch-from-values.ts";
import { equalValues } from "./compare.ts";
import type { RecordBatch } from "./record-batch.ts";
import { variantOfExternal } from "./variant-external.ts";

const simpleTypes: readonly DataType[] = [
  booleanType,
  tinyintType,
  smallintType,
  intType,
  bigintType,
  floatType,
  doubleType,
  stringType,
  binaryType,
  dateType,
  timestampType,
  timestampNtzType,
];

const arbitraryDecimalType: fc.Arbitrary<DataType> = fc
  .integer({ min: 1, max: 38 })
  .chain((precision) => fc.integer({ min: 0, max: precision }).map((scale) => decimalType(precision, scale)));

const arbitraryIntervalType: fc.Arbitrary<DataType> = fc.oneof(
  fc
    .constantFrom([0, 0] as const, [0, 1] as const, [1, 1] as const)
    .map(([startField, endField]): DataType => ({ kind: "interval_year_month", startField, endField })),
  fc
    .constantFrom(
      ...([
        [0, 0],
        [0, 1],
        [0, 2],
        [0, 3],
        [1, 1],
        [1, 2],
        [1, 3],
        [2, 2],
        [2, 3],
        [3, 3],
      ] as const),
    )
    .map(([startField, endField]): DataType => ({ kind: "interval_day_time", startField, endField })),
);

/** Types without children (and without NULL's own type). */
export const arbitraryAtomicType: fc.Arbitrary<DataType> = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...simpleTypes) },
  { weight: 3, arbitrary: arbitraryDecimalType },
  { weight: 2, arbitrary: arbitraryIntervalType },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 9 }).map((precision) => timeType(precision)) },
);

/** Column names, hostile ones included. */
export const arbitraryName: fc.Arbitrary<string> = fc.oneof(
  { weight: 5, arbitrary: fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/) },
  { weight: 2, arbitrary: fc.string({ unit: "binary", minLength: 1, maxLength: 12 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom("__proto__", "constructor", "a b", "a`b", "a.b", "a\nb", "ä", "💧", "1", "select"),
  },
);

function structOf(types: fc.Arbitrary<DataType>, minimumFields: number): fc.Arbitrary<StructType> {
  const fieldArbitrary = fc.record({ name: arbitraryName, type: types, nullable: fc.boolean() });
  return fc
    .uniqueArray(fieldArbitrary, { minLength: minimumFields, maxLength: 4, selector: (f) => f.name.toLowerCase() })
    .map(structType);
}

function typeOfDepth(depth: number): fc.Arbitrary<DataType> {
  if (depth === 0) return arbitraryAtomicType;
  const inner = typeOfDepth(depth - 1);
  return fc.oneof(
    { weight: 6, arbitrary: arbitraryAtomicType },
    { weight: 1, arbitrary: fc.tuple(inner, fc.boolean()).map(([element, nulls]) => arrayType(element, nulls)) },
    {
      weight: 1,
      arbitrary: fc.tuple(arbitraryAtomicType, inner, fc.boolean()).map(([k, v, nulls]) => mapType(k, v, nulls)),
    },
    { weight: 1, arbitrary: structOf(inner, 1) },
  );
}

/** Any SQL type, nested up to two levels deep. */
export const arbitraryType: fc.Arbitrary<DataType> = fc.oneof(
  { weight: 19, arbitrary: typeOfDepth(2) },
  { weight: 1, arbitrary: fc.constant<DataType>(nullType) },
);

/** A schema of one to four columns. */
export const arbitrarySchema: fc.Arbitrary<StructType> = structOf(typeOfDepth(2), 1);

const firstMicrosecond = -62_135_596_800_000_000n;
const lastMicrosecond = 253_402_300_799_999_999n;
const int64: fc.Arbitrary<bigint> = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

/** A present value of the type, in engine form. Timestamps and dates lie in the years 1 to 9999. */
export function arbitraryValue(type: DataType): fc.Arbitrary<SqlValue> {
  switch (type.kind) {
    case "null":
      return fc.constant(null);
    case "boolean":
      return fc.boolean();
    case "tinyint":
      return fc.integer({ min: -128, max: 127 });
    case "smallint":
      return fc.integer({ min: -32_768, max: 32_767 });
    case "int":
    case "interval_year_month":
      return fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    case "date":
      return fc.integer({ min: -719_162, max: 2_932_896 });
    case "float":
      return fc.float();
    case "double":
      return fc.double();
    case "bigint":
    case "interval_day_time":
      return fc.oneof(fc.bigInt({ min: -1000n, max: 1000n }), int64);
    case "timestamp":
    case "timestamp_ntz":
      return fc.bigInt({ min: firstMicrosecond, max: lastMicrosecond });
    case "time":
      return fc
        .bigInt({ min: 0n, max: 86_400n * 10n ** BigInt(type.precision) - 1n })
        .map((units) => units * 10n ** BigInt(9 - type.precision));
    case "variant":
      return fc.jsonValue({ maxDepth: 2 }).map((value) => variantOfExternal(value) as readonly SqlValue[]);
    case "decimal": {
      const limit = 10n ** BigInt(type.precision) - 1n;
      return fc.bigInt({ min: -limit, max: limit });
    }
    case "string":
      return fc.oneof(fc.string({ unit: "binary", maxLength: 20 }), fc.string({ maxLength: 80 }));
    case "binary":
      return fc.uint8Array({ maxLength: 40 }).map((bytes): SqlValue => new Uint8Array(bytes));
    case "array":
      return fc.array(nullableValue(type.element, type.containsNull), { maxLength: 5 });
    case "map":
      return fc
        .uniqueArray(fc.tuple(arbitraryValue(type.key), nullableValue(type.value, type.valueContainsNull)), {
          maxLength: 4,
          comparator: ([a], [b]) => equalValues(type.key, a, b),
        })
        .map((entries) => ({ keys: entries.map(([key]) => key), values: entries.map(([, value]) => value) }));
    case "struct":
      return fc.tuple(...type.fields.map((f) => nullableValue(f.type, f.nullable)));
  }
}

function nullableValue(type: DataType, nullable: boolean): fc.Arbitrary<SqlValue> {
  return nullable ? fc.option(arbitraryValue(type), { nil: null, freq: 4 }) : arbitraryValue(type);
}

/** Rows of a schema: values in the order of its fields, null only where it allows. */
export function arbitraryRows(schema: StructType, maximumRows = 30): fc.Arbitrary<SqlValue[][]> {
  return fc.array(fc.tuple(...schema.fields.map((f) => nullableValue(f.type, f.nullable))), { maxLength: maximumRows });
}

/** A batch of a random schema, or of the given one. */
export function arbitraryBatch(schema?: StructType, maximumRows = 30): fc.Arbitrary<RecordBatch> {
  const schemas = schema === undefined ? arbitrarySchema : fc.constant(schema);
  return schemas.chain((s) => arbitraryRows(s, maximumRows).map((rows) => batchFromValues(s, rows)));
}

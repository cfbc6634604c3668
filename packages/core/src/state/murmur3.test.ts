import { describe, expect, test } from "vitest";
import { createBuilder } from "../columnar/vector-builder.ts";
import type { Vector } from "../columnar/vector.ts";
import {
  arrayType,
  bigintType,
  binaryType,
  booleanType,
  type DataType,
  dateType,
  dayTimeIntervalType,
  decimalType,
  doubleType,
  field,
  floatType,
  intType,
  nullType,
  smallintType,
  type SqlValue,
  stringType,
  structType,
  timestampType,
  tinyintType,
  yearMonthIntervalType,
} from "../types/data-type.ts";
import { hashColumns, partitionOf } from "./murmur3.ts";

function column(type: DataType, values: readonly SqlValue[]): Vector {
  const builder = createBuilder(type);
  for (const value of values) builder.append(value);
  return builder.finish();
}

/** Results of `hash(…)` in Spark 4.3.0. */
const measured: readonly (readonly [string, DataType, SqlValue, number])[] = [
  ["tinyint", tinyintType, 1, -559580957],
  ["smallint", smallintType, -5, 1369497261],
  ["int", intType, 42, 29417773],
  ["null", nullType, null, 42],
  ["null int", intType, null, 42],
  ["true", booleanType, true, -559580957],
  ["false", booleanType, false, 933211791],
  ["bigint", bigintType, -1n, -939490007],
  ["bigint beyond 2^53", bigintType, 9007199254740993n, 1386081767],
  ["float", floatType, 1.5, -221251528],
  ["float -0", floatType, -0, 933211791],
  ["float NaN", floatType, Number.NaN, -349261430],
  ["double 0", doubleType, 0, -1670924195],
  ["double -0", doubleType, -0, -1670924195],
  ["double", doubleType, 2.25, 1475949319],
  ["double NaN", doubleType, Number.NaN, -1281358385],
  ["empty text", stringType, "", 142593372],
  ["text a", stringType, "a", 1485273170],
  ["text of 5 bytes", stringType, "abcde", 814637928],
  ["text beyond ASCII", stringType, "Wörld ☃ 12345", -1134212619],
  ["binary", binaryType, Uint8Array.of(0, 255, 16), -339173231],
  ["date", dateType, 19782, 653915859],
  ["timestamp", timestampType, 1709210096789012n, -1367554535],
  ["short decimal", decimalType(3, 2), 123n, -46242105],
  ["long decimal", decimalType(38, 2), -12345678901234567890n, 8642122],
  ["decimal(20,3)", decimalType(20, 3), 12500n, -230735139],
  ["decimal -1", decimalType(38, 0), -1n, 1398487324],
  ["decimal 0", decimalType(25, 0), 0n, -783713497],
  ["decimal 128", decimalType(38, 0), 128n, -544401882],
  ["decimal -129", decimalType(38, 0), -129n, -771458971],
  ["largest decimal", decimalType(38, 0), 10n ** 38n - 1n, -817514053],
  ["array", arrayType(intType), [1, null, 3], 1066699649],
  ["array of text", arrayType(stringType), ["x", "yy"], 164518825],
  ["struct", structType([field("a", intType), field("b", stringType)]), [1, "x"], -1305545736],
  [
    "nested",
    arrayType(structType([field("a", bigintType), field("b", arrayType(booleanType))])),
    [[1n, [true]]],
    -1144319751,
  ],
  ["day-time interval", dayTimeIntervalType, 93784000000n, 1431373363],
  ["year-month interval", yearMonthIntervalType, 40, 1402250653],
  [
    "window",
    structType([field("start", timestampType), field("end", timestampType)]),
    [1704067200000000n, 1704067210000000n],
    543440942,
  ],
];

describe("the hash of one value is Spark's", () => {
  test.each(measured)("%s", (_, type, value, expected) => {
    expect([...hashColumns([column(type, [value])], 1)]).toEqual([expected]);
    // The way without nulls and the way with nulls agree; a null leaves the seed.
    expect([...hashColumns([column(type, [value, null])], 2)]).toEqual([expected, 42]);
  });
});

test("the columns of a row are chained", () => {
  const columns = [
    column(intType, [1]),
    column(stringType, ["a"]),
    column(stringType, [null]),
    column(doubleType, [2.5]),
  ];
  expect([...hashColumns(columns, 1)]).toEqual([389417474]);
});

test("partitions are those in which Spark stored the keys", () => {
  const partition = (type: DataType, value: SqlValue): number =>
    partitionOf(hashColumns([column(type, [value])], 1)[0]!, 5);
  expect([partition(stringType, "a"), partition(stringType, "b")]).toEqual([0, 1]);
  expect([partition(intType, 4), partition(intType, 2)]).toEqual([2, 4]);
});

import { describe, expect, test } from "vitest";
import fc from "fast-check";
import {
  arrayType,
  bigintType,
  binaryType,
  booleanType,
  type DataType,
  dateType,
  decimalType,
  doubleType,
  field,
  floatType,
  intType,
  mapType,
  smallintType,
  type SqlValue,
  stringType,
  structType,
  timestampNtzType,
  timestampType,
  tinyintType,
} from "../types/data-type.ts";
import { isMillraceError } from "../errors/index.ts";
import { bindCast, canCast, type CastMode } from "./casts.ts";
import { numberOfInt64, int64OfNumber } from "./kernels/int64.ts";
import { parseLongBytes, parseTimestampBytes } from "./kernels/parse-bytes.ts";
import { encodeUtf8 } from "../columnar/utf8.ts";

function cast(
  value: SqlValue,
  from: DataType,
  to: DataType,
  mode: CastMode = "ansi",
  zone = "America/Los_Angeles",
): SqlValue {
  return bindCast(from, to, mode, zone)(value);
}
/** The error class of an ANSI cast, or its value. */
function outcome(value: SqlValue, from: DataType, to: DataType): unknown {
  try {
    return cast(value, from, to);
  } catch (error) {
    if (isMillraceError(error)) return error.errorClass;
    throw error;
  }
}

describe("strings to numbers", () => {
  const cases: readonly [text: string, type: DataType, ansi: unknown, legacy: SqlValue][] = [
    [" 12 ", intType, 12, 12],
    ["\t-7\n", bigintType, -7n, -7n],
    ["+5", tinyintType, 5, 5],
    ["1.5", intType, "CAST_INVALID_INPUT", 1],
    ["", intType, "CAST_INVALID_INPUT", null],
    ["2147483648", intType, "CAST_INVALID_INPUT", null],
    ["9223372036854775808", bigintType, "CAST_INVALID_INPUT", null],
    ["128", tinyintType, "CAST_INVALID_INPUT", null],
    ["0x10", intType, "CAST_INVALID_INPUT", null],
    ["1e3", doubleType, 1000, 1000],
    ["Infinity", doubleType, Infinity, Infinity],
    ["-inf", doubleType, -Infinity, -Infinity],
    ["nan", floatType, NaN, NaN],
    ["1.0d", doubleType, 1, 1],
    ["abc", doubleType, "CAST_INVALID_INPUT", null],
    ["__proto__", doubleType, "CAST_INVALID_INPUT", null],
    ["1.005", decimalType(5, 2), 101n, 101n],
    ["-1.005", decimalType(5, 2), -101n, -101n],
    ["1e2", decimalType(5, 2), 10000n, 10000n],
    ["1234.5", decimalType(5, 2), "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION", null],
    ["yes", booleanType, true, true],
    ["F", booleanType, false, false],
    ["2", booleanType, "CAST_INVALID_INPUT", null],
  ];
  test.each(cases)("'%s' to %j", (text, type, ansi, legacy) => {
    expect(outcome(text, stringType, type)).toEqual(ansi);
    expect(cast(text, stringType, type, "legacy")).toEqual(legacy);
    expect(cast(text, stringType, type, "try")).toEqual(typeof ansi === "string" ? null : ansi);
  });
});

describe("numbers among each other", () => {
  const cases: readonly [value: SqlValue, from: DataType, to: DataType, ansi: unknown, legacy: SqlValue][] = [
    [300, intType, tinyintType, "CAST_OVERFLOW", 44],
    [40000, intType, smallintType, "CAST_OVERFLOW", -25536],
    [3000000000n, bigintType, intType, "CAST_OVERFLOW", -1294967296],
    [1.9, doubleType, intType, 1, 1],
    [-1.9, doubleType, bigintType, -1n, -1n],
    [NaN, doubleType, intType, "CAST_OVERFLOW", 0],
    [1e20, doubleType, bigintType, "CAST_OVERFLOW", 9223372036854775807n],
    [1e20, doubleType, intType, "CAST_OVERFLOW", 2147483647],
    [1.5, doubleType, decimalType(3, 0), 2n, 2n],
    [NaN, doubleType, decimalType(3, 0), null, null],
    [150n, decimalType(5, 2), intType, 1, 1],
    [-199n, decimalType(5, 2), bigintType, -1n, -1n],
    [12345n, decimalType(5, 2), decimalType(4, 1), 1235n, 1235n],
    [7, intType, decimalType(10, 2), 700n, 700n],
    [true, booleanType, bigintType, 1n, 1n],
    [0n, bigintType, booleanType, false, false],
    [0.1, doubleType, floatType, Math.fround(0.1), Math.fround(0.1)],
  ];
  test.each(cases)("%s from %j to %j", (value, from, to, ansi, legacy) => {
    expect(outcome(value, from, to)).toEqual(ansi);
    expect(cast(value, from, to, "legacy")).toEqual(legacy);
  });
  test("-0.5 to INT is 0, not −0", () => {
    expect(Object.is(cast(-0.5, doubleType, intType), 0)).toBe(true);
  });
});

describe("to text", () => {
  const cases: readonly [value: SqlValue, type: DataType, text: string][] = [
    [1e10, doubleType, "1.0E10"],
    [1e-5, doubleType, "1.0E-5"],
    [9999999, doubleType, "9999999.0"],
    [1e7, doubleType, "1.0E7"],
    [123456789, doubleType, "1.23456789E8"],
    [0.001, doubleType, "0.001"],
    [5e-324, doubleType, "4.9E-324"],
    [-0, doubleType, "-0.0"],
    [NaN, doubleType, "NaN"],
    [Math.fround(0.1), floatType, "0.1"],
    [Math.fround(16777216), floatType, "1.6777216E7"],
    [-5n, decimalType(5, 2), "-0.05"],
    [19782, dateType, "2024-02-29"],
    [-719529, dateType, "-0001-12-31"],
    [1710066600000000n, timestampType, "2024-03-10 03:30:00"],
    [1710066600250000n, timestampNtzType, "2024-03-10 10:30:00.25"],
    [[1, null], arrayType(intType), "[1, null]"],
    [{ keys: ["a"], values: [1] }, mapType(stringType, intType), "{a -> 1}"],
    [[1, "x", null], structType([field("a", intType), field("b", stringType), field("c", intType)]), "{1, x, null}"],
    [93784500000n, { kind: "interval_day_time", startField: 0, endField: 3 }, "INTERVAL '1 02:03:04.5' DAY TO SECOND"],
    [-14, { kind: "interval_year_month", startField: 0, endField: 1 }, "INTERVAL '-1-2' YEAR TO MONTH"],
  ];
  test.each(cases)("%s of %j is %s", (value, type, text) => {
    expect(cast(value, type, stringType)).toBe(text);
  });
  test("a double's text reads back as the same double", () => {
    fc.assert(
      fc.property(fc.double(), (x) => Object.is(cast(cast(x, doubleType, stringType), stringType, doubleType), x)),
    );
  });
});

describe("dates and timestamps", () => {
  test.each([
    ["2024", 19723],
    ["2024-2", 19754],
    ["2024-02-29", 19782],
    [" 2024-2-9T12:00 ", 19762],
    ["2023-02-29", null],
    ["24-01-01", null],
    ["2024-1-1x", null],
  ])("'%s' as a date", (text, days) => {
    expect(cast(text, stringType, dateType, "try")).toBe(days);
  });
  test.each([
    ["2024-01-01", "2024-01-01 00:00:00"],
    ["2024-01-01T1:2:3", "2024-01-01 01:02:03"],
    ["2024-01-01 01:02:03.1234567Z", "2023-12-31 17:02:03.123456"],
    ["2024-01-01 01:02:03+01:00", "2023-12-31 16:02:03"],
    ["2024-01-01 01:02:03 Europe/Berlin", "2023-12-31 16:02:03"],
    ["2024-03-10 02:30:00", "2024-03-10 03:30:00"],
    ["2024-11-03 01:30:00", "2024-11-03 01:30:00"],
    ["2024-01-01 25:00:00", null],
    ["2024-01-01 01:02:03 Nowhere/City", null],
  ])("'%s' in Los Angeles", (text, shown) => {
    const micros = cast(text, stringType, timestampType, "try");
    expect(micros === null ? null : cast(micros, timestampType, stringType)).toBe(shown);
  });
  test("a date is midnight of the session zone", () => {
    expect(cast(19782, dateType, timestampType)).toBe(1709193600000000n);
    expect(cast(1709193599999999n, timestampType, dateType)).toBe(19781);
  });
  test("seconds and timestamps", () => {
    expect(cast(-1n, bigintType, timestampType)).toBe(-1000000n);
    expect(cast(-1n, timestampType, bigintType)).toBe(-1n);
    expect(cast(1.5, doubleType, timestampType)).toBe(1500000n);
    expect(outcome(NaN, doubleType, timestampType)).toBe("CAST_INVALID_INPUT");
  });
});

test("what may be cast depends on the mode", () => {
  expect(canCast(dateType, intType, "ansi")).toBe(false);
  expect(canCast(dateType, intType, "legacy")).toBe(true);
  expect(canCast(intType, dateType, "ansi")).toBe(false);
  expect(canCast(intType, binaryType, "ansi")).toBe(false);
  expect(canCast(arrayType(stringType), arrayType(intType), "ansi")).toBe(true);
  expect(canCast(arrayType(stringType), intType, "ansi")).toBe(false);
});

describe("fast forms agree with the full ones", () => {
  test("64-bit integers and numbers", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (n) => numberOfInt64(n) === Number(n)),
    );
    fc.assert(fc.property(fc.maxSafeInteger(), (n) => int64OfNumber(n) === BigInt(n)));
  });
  test("bigints from bytes", () => {
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeInteger().map(String), fc.string({ maxLength: 6 })), (text) => {
        const bytes = encodeUtf8(text);
        const fast = parseLongBytes(bytes, 0, bytes.length);
        return fast === undefined || fast === cast(text, stringType, bigintType, "try");
      }),
    );
  });
  test("timestamps from bytes", () => {
    const instant = fc.date({
      min: new Date("1700-01-01T00:00:00Z"),
      max: new Date("2200-01-01T00:00:00Z"),
      noInvalidDate: true,
    });
    const form = fc.constantFrom(
      (s: string) => s,
      (s: string) => s.replace("T", " ").replace("Z", ""),
      (s: string) => s.replace("Z", "-07:30"),
    );
    fc.assert(
      fc.property(instant, form, (date, change) => {
        const text = change(date.toISOString());
        const bytes = encodeUtf8(text);
        expect(parseTimestampBytes(bytes, 0, bytes.length, 3600)).toBe(
          cast(text, stringType, timestampType, "ansi", "+01:00"),
        );
      }),
    );
  });
});

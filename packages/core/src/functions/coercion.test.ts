import { describe, expect, test } from "vitest";
import {
  arrayType,
  bigintType,
  booleanType,
  type DataType,
  dateType,
  decimalType,
  doubleType,
  floatType,
  intType,
  nullType,
  smallintType,
  stringType,
  timestampNtzType,
  timestampType,
  tinyintType,
  mapType,
} from "../types/data-type.ts";
import { typeText } from "./type-text.ts";
import { commonTypeOf, findCommonType } from "./coercion.ts";
import { decimalResult, divideHalfUp, parseDecimal, rescale } from "./decimal.ts";
import { call, evaluateSql, shown } from "./evaluate.test-support.ts";
import fc from "fast-check";

describe("common types", () => {
  const cases: readonly [a: DataType, b: DataType, common: DataType | undefined][] = [
    [tinyintType, intType, intType],
    [intType, bigintType, bigintType],
    [bigintType, floatType, doubleType],
    [floatType, floatType, floatType],
    [floatType, doubleType, doubleType],
    [nullType, dateType, dateType],
    [dateType, timestampType, timestampType],
    [timestampNtzType, timestampType, timestampType],
    [stringType, intType, bigintType],
    [stringType, doubleType, doubleType],
    [stringType, decimalType(5, 2), doubleType],
    [stringType, dateType, dateType],
    [stringType, booleanType, booleanType],
    [intType, decimalType(5, 2), decimalType(12, 2)],
    [bigintType, decimalType(38, 10), decimalType(38, 10)],
    [decimalType(5, 2), doubleType, doubleType],
    [decimalType(5, 2), decimalType(6, 4), decimalType(7, 4)],
    [booleanType, intType, undefined],
    [dateType, intType, undefined],
    [arrayType(intType, false), arrayType(stringType), arrayType(bigintType)],
    [arrayType(intType), mapType(intType, intType), undefined],
  ];
  test.each(cases)("%j and %j", (a, b, common) => {
    expect(findCommonType(a, b)).toEqual(common);
    expect(findCommonType(b, a)).toEqual(common);
  });
  test("of a list", () => {
    expect(commonTypeOf([nullType, smallintType, decimalType(3, 1)])).toEqual(decimalType(6, 1));
    expect(commonTypeOf([])).toEqual(nullType);
  });
});

describe("decimal results", () => {
  const a = decimalType(38, 18);
  test.each([
    ["add", decimalType(10, 2), decimalType(5, 3), "DECIMAL(12,3)"],
    ["multiply", decimalType(10, 2), decimalType(5, 3), "DECIMAL(16,5)"],
    ["divide", decimalType(10, 2), decimalType(5, 3), "DECIMAL(19,8)"],
    ["remainder", decimalType(10, 2), decimalType(5, 3), "DECIMAL(5,3)"],
    ["multiply", a, a, "DECIMAL(38,6)"],
    ["add", a, a, "DECIMAL(38,17)"],
    ["divide", a, a, "DECIMAL(38,6)"],
  ] as const)("%s of %j and %j", (op, x, y, result) => {
    expect(typeText(decimalResult[op](x, y))).toBe(result);
  });
  test("rounding is half away from zero", () => {
    expect(divideHalfUp(5n, 2n)).toBe(3n);
    expect(divideHalfUp(-5n, 2n)).toBe(-3n);
    expect(divideHalfUp(5n, -2n)).toBe(-3n);
    expect(rescale(-15n, 1, 0)).toBe(-2n);
    expect(parseDecimal("1e400", 2)).toBeGreaterThan(10n ** 38n);
    expect(parseDecimal("1e-400", 2)).toBe(0n);
  });
});

describe("arithmetic", () => {
  const value = (sql: string): string => shown(evaluateSql(sql));
  test.each([
    ["2147483647 + 1", "ARITHMETIC_OVERFLOW"],
    ["9223372036854775807 + 1", "ARITHMETIC_OVERFLOW"],
    ["-2147483648 * -1", "ARITHMETIC_OVERFLOW"],
    ["1 / 0", "DIVIDE_BY_ZERO"],
    ["1 % 0", "REMAINDER_BY_ZERO"],
    ["true + 1", "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES"],
    ["'a' + 'b'", "DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE"],
    ["rlike('a', '(')", "INVALID_PARAMETER_VALUE.PATTERN"],
    ["regexp_extract('a', 'a', 1)", "INVALID_PARAMETER_VALUE.REGEX_GROUP_INDEX"],
    ["'a' like 'a\\\\'", "INVALID_FORMAT.ESC_AT_THE_END"],
    ["element_at(array(1), 2)", "INVALID_ARRAY_INDEX_IN_ELEMENT_AT"],
    ["map(1, 2, 1, 3)", "DUPLICATED_MAP_KEY"],
    ["to_timestamp('x', 'yyyy')", "CANNOT_PARSE_TIMESTAMP"],
    ["date_format(now(), 'yyyy-bb')", "INVALID_DATETIME_PATTERN.WITH_SUGGESTION"],
    ["make_date(2023, 2, 29)", "DATETIME_FIELD_OUT_OF_BOUNDS.WITHOUT_SUGGESTION"],
    ["from_utc_timestamp(now(), 'Mars/Base')", "INVALID_TIMEZONE"],
    ["raise_error('no')", "USER_RAISED_EXCEPTION"],
    ["array_contains(array(1), DATE'2024-01-01')", "DATATYPE_MISMATCH.ARRAY_FUNCTION_DIFF_TYPES"],
    ["map(1, 2) = map(1, 2)", "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE"],
    ["sequence(1, 5, -1)", "INVALID_SEQUENCE"],
  ])("%s fails with %s", (sql, errorClass) => {
    expect(() => evaluateSql(sql)).toThrow(expect.objectContaining({ errorClass }));
  });
  test("decimal types come from literals", () => {
    expect(typeText(evaluateSql("1.5 + 1").type)).toBe("DECIMAL(3,1)");
    expect(value("1.50 * 2.0")).toBe("3.000");
    expect(value("10 / 3.0")).toBe("3.333333");
    expect(value("TIMESTAMP'2024-01-01 00:00:00' - DATE'2023-12-31'")).toBe("INTERVAL '1 00:00:00' DAY TO SECOND");
    expect(value("DATE'2024-01-02' - DATE'2024-01-01'")).toBe("INTERVAL '1' DAY");
    expect(value("INTERVAL '10' SECOND * 3")).toBe("INTERVAL '0 00:00:30' DAY TO SECOND");
  });
  test("integer operators match exact integers", () => {
    const int = fc.integer();
    for (const [name, exact] of [
      ["+", (a: bigint, b: bigint) => a + b],
      ["-", (a: bigint, b: bigint) => a - b],
      ["*", (a: bigint, b: bigint) => a * b],
    ] as const) {
      fc.assert(
        fc.property(int, int, (a, b) => {
          const wanted = exact(BigInt(a), BigInt(b));
          const fits = BigInt.asIntN(32, wanted) === wanted;
          const got = call(`try_${{ "+": "add", "-": "subtract", "*": "multiply" }[name]}`, [
            { value: a, type: intType },
            { value: b, type: intType },
          ]).value;
          expect(got).toBe(fits ? Number(wanted) : null);
        }),
      );
    }
  });
  test("hashes are Spark's", () => {
    expect(value("hash('Spark', array(123), 2)")).toBe("-1321691492");
    expect(value("xxhash64('Spark', array(123), 2)")).toBe("5602566077635097486");
  });
});

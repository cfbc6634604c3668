import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { isMillraceError } from "../errors/index.ts";
import {
  arrayType,
  bigintType,
  binaryType,
  type DataType,
  dateType,
  dayTimeIntervalType,
  decimalType,
  doubleType,
  field,
  floatType,
  intType,
  mapType,
  stringType,
  structType,
  timestampNtzType,
  timestampType,
  tinyintType,
  yearMonthIntervalType,
} from "../types/data-type.ts";
import type { ValueOptions } from "../types/schema-literal.ts";
import { arbitraryType, arbitraryValue } from "./arbitraries.test-support.ts";
import { batchFromValues } from "./batch-from-values.ts";
import { rowWriter, toSqlValue } from "./external-input.ts";
import { externalReader, rowReader } from "./external-values.ts";
import { loadTemporal } from "./temporal.ts";
import { parseDate, parseTimestamp, formatDate, formatLocalTimestamp } from "./iso-time.ts";
import { createBuilder } from "./vector-builder.ts";
import type { SqlValue } from "../types/data-type.ts";

function external(type: DataType, value: SqlValue, options: ValueOptions = {}): unknown {
  const builder = createBuilder(type, 1);
  builder.append(value);
  return externalReader(type, options, "c")(builder.finish())(0);
}

function failure(action: () => unknown): { readonly errorClass: string; readonly message: string } {
  try {
    action();
  } catch (error) {
    if (isMillraceError(error)) return { errorClass: error.errorClass, message: error.message };
    throw error;
  }
  return { errorClass: "none", message: "" };
}

// Node 24 has no Temporal of its own.
beforeAll(async () => {
  await loadTemporal();
});

describe("values as users see them", () => {
  test("are what docs/types.md says", () => {
    const map = external(mapType(stringType, bigintType), { keys: ["a"], values: [5n] });
    expect(map).toEqual(new Map([["a", 5]]));
    expect(external(bigintType, -(2n ** 53n) + 1n)).toBe(Number.MIN_SAFE_INTEGER);
    expect(external(bigintType, 2n ** 60n, { bigint: true })).toBe(2n ** 60n);
    expect(external(decimalType(10, 2), -5n)).toBe("-0.05");
    expect(external(decimalType(38, 0), 10n ** 38n - 1n)).toBe("9".repeat(38));
    expect(external(timestampType, -1n)).toEqual(new Date(-1));
    expect(external(timestampNtzType, -1n)).toBe("1969-12-31T23:59:59.999999");
    expect(external(dateType, 19_782)).toBe("2024-02-29");
    expect(external(binaryType, new Uint8Array([1, 2]))).toEqual(new Uint8Array([1, 2]));
    expect(external(yearMonthIntervalType, -14)).toBe("-P1Y2M");
    expect(external(dayTimeIntervalType, 93_784_500_000n)).toBe("P1DT2H3M4.5S");
    expect(Object.is(external(doubleType, -0), -0)).toBe(true);
  });

  test("are Temporal objects when the session says so", () => {
    const temporal = { timestamps: "temporal" } as const;
    expect(String(external(timestampType, 1_500_001n, temporal))).toBe("1970-01-01T00:00:01.500001Z");
    expect(String(external(dateType, -1, temporal))).toBe("1969-12-31");
    expect(String(external(timestampNtzType, 1n, temporal))).toBe("1970-01-01T00:00:00.000001");
    expect(String(external(dayTimeIntervalType, -90_000_000n, temporal))).toBe("-PT1M30S");
  });

  test("a BIGINT beyond 2^53 is an error that names the column", () => {
    for (const value of [2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n]) {
      const { errorClass, message } = failure(() => external(arrayType(bigintType), [value]));
      expect(errorClass).toBe("BIGINT_OUT_OF_SAFE_RANGE");
      expect(message).toContain(`value ${value} of column c.element`);
    }
  });

  test("survive the way out and in again", () => {
    const typed = arbitraryType.chain((type) => fc.tuple(fc.constant(type), arbitraryValue(type)));
    fc.assert(
      fc.property(typed, ([type, value]) => {
        const options = { bigint: true, timestamps: "temporal" } as const;
        // Map and Set know keys like binary by identity only; they come back all the same.
        expect(toSqlValue(type, external(type, value, options), "c")).toEqual(withoutNegativeZeroKeys(type, value));
      }),
    );
  });
});

/** A JavaScript Map makes −0 keys 0. */
function withoutNegativeZeroKeys(type: DataType, value: SqlValue): SqlValue {
  if (value === null) return null;
  if (type.kind === "array") {
    return (value as readonly SqlValue[]).map((v) => withoutNegativeZeroKeys(type.element, v));
  }
  if (type.kind === "struct") {
    return (value as readonly SqlValue[]).map((v, i) => withoutNegativeZeroKeys(type.fields[i]!.type, v));
  }
  if (type.kind !== "map") return value;
  const { keys, values } = value as { keys: readonly SqlValue[]; values: readonly SqlValue[] };
  return {
    keys: keys.map((key) => (key === 0 ? 0 : key)),
    values: values.map((v) => withoutNegativeZeroKeys(type.value, v)),
  };
}

describe("rows", () => {
  test("have the columns as own properties, whatever their names, and print like plain objects", async () => {
    const schema = structType([
      field("__proto__", intType),
      field("constructor", stringType),
      field("s", structType([field("toString", intType)])),
    ]);
    const row = rowReader(batchFromValues(schema, [[1, "x", [2]]]), {})(0);
    expect(Object.keys(row)).toEqual(["__proto__", "constructor", "s"]);
    expect([row["__proto__"], row["constructor"], row["hasOwnProperty"], row["valueOf"]]).toEqual([
      1,
      "x",
      undefined,
      undefined,
    ]);
    expect(JSON.stringify(row)).toBe('{"__proto__":1,"constructor":"x","s":{"toString":2}}');
    const { inspect } = await import("node:util");
    expect(inspect(rowReader(batchFromValues(structType([field("a", intType)]), [[1]]), {})(0))).toBe("{ a: 1 }");
    expect(structuredClone(row)).toBeDefined();
  });

  test("are written from objects and from arrays", () => {
    const schema = structType([field("a", intType, false), field("__proto__", stringType), field("toString", intType)]);
    const write = rowWriter(schema);
    expect(write({ a: 1 })).toEqual([1, null, null]);
    expect(write(JSON.parse('{"a":1,"__proto__":"x","toString":3}'))).toEqual([1, "x", 3]);
    expect(write([1, "x", 2])).toEqual([1, "x", 2]);
    class Point {
      get a(): number {
        return 7;
      }
    }
    expect(write(new Point())).toEqual([7, null, null]);
    expect(failure(() => write({ a: null })).errorClass).toBe("NOT_NULL_ASSERT_VIOLATION");
    expect(failure(() => write([1])).message).toContain("at the row");
    expect(failure(() => write({ a: 1.5 })).message).toContain("The value 1.5 at a is not valid for the type INT");
    expect(failure(() => write(5)).errorClass).toBe("INVALID_EXTERNAL_VALUE");
  });
});

describe("values as users give them", () => {
  test("in every form that is taken", () => {
    expect(toSqlValue(decimalType(5, 2), 1.005, "c")).toBe(101n);
    expect(toSqlValue(decimalType(5, 2), "-1e2", "c")).toBe(-10_000n);
    expect(toSqlValue(decimalType(5, 2), 7n, "c")).toBe(700n);
    expect(toSqlValue(bigintType, 5n, "c")).toBe(5n);
    expect(toSqlValue(bigintType, 5, "c")).toBe(5n);
    expect(toSqlValue(floatType, 0.1, "c")).toBe(Math.fround(0.1));
    expect(toSqlValue(timestampType, new Date(5), "c")).toBe(5000n);
    expect(toSqlValue(timestampType, "1970-01-01T01:00:00.000001+01:00", "c")).toBe(1n);
    expect(toSqlValue(timestampType, "1970-01-01 01:00", "c")).toBe(3_600_000_000n);
    expect(toSqlValue(timestampType, "1970-01-01T01:00:00", "c", { timeZone: "Europe/Paris" })).toBe(0n);
    expect(toSqlValue(dateType, new Date(-1), "c")).toBe(-1);
    expect(toSqlValue(mapType(intType, stringType), { "1": "x" }, "c")).toEqual({ keys: [1], values: ["x"] });
    expect(toSqlValue(arrayType(intType), new Set([1, null]), "c")).toEqual([1, null]);
    expect(toSqlValue(dayTimeIntervalType, "PT-1.5S", "c")).toBe(-1_500_000n);
    expect(toSqlValue(yearMonthIntervalType, "-P1Y", "c")).toBe(-12);
    expect(toSqlValue(intType, undefined, "c")).toBeNull();
  });

  test("and errors say what was expected", () => {
    const cases: readonly (readonly [DataType, unknown])[] = [
      [tinyintType, 128],
      [intType, "1"],
      [bigintType, 2 ** 53],
      [bigintType, 2n ** 63n],
      [doubleType, "1.5"],
      [decimalType(3, 1), "100"],
      [decimalType(3, 1), Number.NaN],
      [stringType, 5],
      [binaryType, "ab"],
      [dateType, "2023-02-29"],
      [dateType, new Date(Number.NaN)],
      [timestampType, "yesterday"],
      [timestampType, 5],
      [timestampNtzType, new Date(0)],
      [timestampNtzType, "2024-01-01T00:00:00Z"],
      [dayTimeIntervalType, "P1M"],
      [yearMonthIntervalType, "P1D"],
      [arrayType(intType), "ab"],
      [mapType(stringType, intType), 5],
      [structType([field("a", intType)]), "x"],
    ];
    for (const [type, value] of cases) {
      expect([type.kind, value, failure(() => toSqlValue(type, value, "c")).errorClass]).toEqual([
        type.kind,
        value,
        "INVALID_EXTERNAL_VALUE",
      ]);
    }
    const twice = new Map<unknown, number>([
      [1, 1],
      [1n, 2],
    ]);
    expect(failure(() => toSqlValue(mapType(intType, intType), twice, "c")).errorClass).toBe("DUPLICATED_MAP_KEY");
    const holes = failure(() => toSqlValue(arrayType(intType, false), [null], "c"));
    expect(holes.message).toContain("c.element");
  });
});

test("dates and timestamps agree with Date and round trip", () => {
  fc.assert(
    fc.property(fc.integer({ min: -719_528, max: 2_932_896 }), (days) => {
      const text = new Date(days * 86_400_000).toISOString().slice(0, 10);
      expect(formatDate(days)).toBe(text);
      expect(parseDate(text)).toBe(days);
    }),
  );
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (micros) => {
      expect(parseTimestamp(formatLocalTimestamp(micros))?.localMicros).toBe(micros);
    }),
  );
});

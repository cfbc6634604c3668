import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { batchFromValues, valuesOfBatch } from "../columnar/batch-from-values.ts";
import type { RecordBatch } from "../columnar/record-batch.ts";
import { sequenceVector } from "../columnar/sequence.ts";
import { isMillraceError } from "../errors/index.ts";
import type { AggregateCall, Call, Expr } from "../expressions/expression.ts";
import { typeOf } from "../expressions/typing.ts";
import { functionRegistry } from "../functions/registry.ts";
import {
  bigintType,
  booleanType,
  type DataType,
  dateType,
  decimalType,
  doubleType,
  type Field,
  field,
  floatType,
  intType,
  smallintType,
  type SqlValue,
  structType,
  timestampType,
  tinyintType,
} from "../types/data-type.ts";
import { BatchEvalContext } from "./batch-context.ts";
import { type AggregationShape, compileFinalAggregation, compilePartialAggregation } from "./compile-aggregate.ts";
import type { CodegenOptions } from "./compile-pipeline.ts";
import type { PipelineStep } from "./pipeline.ts";

const options = (codegen: boolean, ansi: boolean): CodegenOptions => ({
  context: new BatchEvalContext("UTC", ansi),
  codegen,
  bigint: true,
});
const column = (ordinal: number, { type, nullable }: Field): Expr => ({
  kind: "BoundReference",
  ordinal,
  type,
  nullable,
});
const literal = (value: SqlValue, type: DataType): Expr => ({ kind: "Literal", value, type });
const converted = (child: Expr, type: DataType, mode: "ansi" | "legacy" | "try"): Expr =>
  JSON.stringify(typeOf(child)) === JSON.stringify(type) ? child : { kind: "Cast", child, type, mode };

/** A call as the analyzer types it. */
function call(fn: string, args: readonly Expr[], ansi = true): Call {
  const infos = args.map((e) => ({ type: typeOf(e), nullable: true }));
  const types = functionRegistry.scalar(fn)!.resolve(infos, { sql: fn, ansi });
  const typed = args.map((e, i) => converted(e, types.args[i] ?? typeOf(e), ansi ? "ansi" : "legacy"));
  return { kind: "Call", fn, args: typed, type: types.returns, nullable: true, ansi };
}
function aggregate(fn: string, args: readonly Expr[], ansi = true, filter?: Expr): AggregateCall {
  const infos = args.map((e) => ({ type: typeOf(e), nullable: true }));
  const types = functionRegistry.aggregate(fn)!.resolve(infos, { sql: fn, ansi });
  const typed = args.map((e, i) => converted(e, types.args[i]!, "ansi"));
  const rest = { args: typed, distinct: false, type: types.returns, nullable: true, ansi };
  return { kind: "AggregateCall", fn, ...rest, ...(filter === undefined ? {} : { filter }) };
}

const types: readonly DataType[] = [
  intType,
  bigintType,
  doubleType,
  booleanType,
  dateType,
  timestampType,
  tinyintType,
  smallintType,
  floatType,
  decimalType(12, 2),
  decimalType(20, 3),
];

/** Few values, so that groups have several rows; the ends of the type now and then. Sums of the doubles are exact in any order. */
function valueOf(type: DataType): fc.Arbitrary<SqlValue> {
  const small = fc.integer({ min: -3, max: 3 });
  const rarely = (usual: fc.Arbitrary<SqlValue>, ...ends: readonly SqlValue[]): fc.Arbitrary<SqlValue> =>
    fc.oneof({ arbitrary: usual, weight: 12 }, { arbitrary: fc.constantFrom(...ends), weight: 1 });
  switch (type.kind) {
    case "boolean":
      return fc.boolean();
    case "tinyint":
      return rarely(small, 127, -128);
    case "smallint":
      return rarely(small, 32767, -32768);
    case "int":
    case "date":
      return rarely(small, 2 ** 31 - 1, -(2 ** 31));
    case "float":
    case "double":
      return rarely(small, 0.5, -0, Number.NaN, Infinity, -Infinity);
    case "decimal": {
      const most = 10n ** BigInt(type.precision) - 1n;
      return rarely(small.map(BigInt), most, -most, 2n ** 53n < most ? 2n ** 53n + 1n : most - 1n);
    }
    default:
      return rarely(small.map(BigInt), 2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n, 2n ** 40n);
  }
}

interface Case {
  readonly batches: readonly RecordBatch[];
  readonly steps: readonly PipelineStep[];
  readonly keys: readonly Expr[];
  readonly shape: AggregationShape;
  readonly ansi: boolean;
}

const numeric: readonly DataType["kind"][] = ["int", "bigint", "double", "tinyint", "smallint", "float", "decimal"];

function expressionOf(
  fields: readonly Field[],
  kind: DataType["kind"],
  depth: number,
  ansi: boolean,
): fc.Arbitrary<Expr> {
  const of = (k: DataType["kind"]): fc.Arbitrary<Expr> => expressionOf(fields, k, depth - 1, ansi);
  const own = fields.flatMap((f, i) => (f.type.kind === kind ? [column(i, f)] : []));
  const type = own.length > 0 ? typeOf(own[0]!) : types.find((t) => t.kind === kind)!;
  const constant = fc.option(valueOf(type), { freq: 8 }).map((value) => literal(value, type));
  const leaf =
    own.length === 0
      ? constant
      : fc.oneof({ arbitrary: fc.constantFrom(...own), weight: 3 }, { arbitrary: constant, weight: 1 });
  if (depth === 0) return leaf;
  const anyKind = fc.constantFrom(...numeric, "date" as const, "timestamp" as const);
  const choices: fc.Arbitrary<Expr>[] = [
    leaf,
    fc.tuple(of("boolean"), leaf, leaf).map((args) => call("if", args, ansi)),
    fc.tuple(of("boolean"), leaf, of("boolean"), leaf).map((args) => call("when", args, ansi)),
    fc.tuple(leaf, leaf).map((args) => call("coalesce", args, ansi)),
  ];
  if (kind === "boolean") {
    const relation = fc.constantFrom("=", "!=", "<", "<=", ">", ">=", "<=>");
    const pair = anyKind.chain((k) => fc.tuple(of(k), of(k)));
    choices.push(
      fc.tuple(relation, pair).map(([fn, args]) => call(fn, args, ansi)),
      fc
        .tuple(fc.constantFrom("and", "or"), of(kind), of(kind), of(kind))
        .map(([fn, a, b, c]) => call(fn, [call(fn, [a, b], ansi), c], ansi)),
      of(kind).map((a) => call("not", [a], ansi)),
      fc.tuple(fc.constantFrom("isnull", "isnotnull"), anyKind.chain(of)).map(([fn, a]) => call(fn, [a], ansi)),
      anyKind.chain((k) => fc.tuple(of(k), of(k), of(k))).map((args) => call("between", args, ansi)),
      anyKind
        .chain((k) => fc.array(expressionOf(fields, k, 0, ansi), { minLength: 2, maxLength: 4 }))
        .map((args) => call("in", args, ansi)),
    );
  } else if (numeric.includes(kind)) {
    const symbols = ["+", "-", "*"];
    if (kind === "double") symbols.push("/");
    else if (kind !== "float" && kind !== "decimal") symbols.push("%", "pmod");
    if (kind === "bigint") symbols.push("div");
    choices.push(fc.tuple(fc.constantFrom(...symbols), of(kind), of(kind)).map(([fn, a, b]) => call(fn, [a, b], ansi)));
    if (kind !== "decimal") {
      choices.push(
        fc.tuple(fc.constantFrom("negative", "abs", "positive"), of(kind)).map(([fn, a]) => call(fn, [a], ansi)),
      );
      const from = fc.constantFrom(
        ...numeric.filter((k) => k !== "decimal" && (kind === "double" || (k !== "float" && k !== "double"))),
      );
      const mode = fc.constantFrom("ansi" as const, "try" as const, "legacy" as const);
      choices.push(fc.tuple(from.chain(of), mode).map(([e, m]) => converted(e, type, m)));
    }
  }
  return fc.oneof(...choices);
}

const plainAggregates: readonly (readonly [string, readonly DataType["kind"][]])[] = [
  ["count", [...numeric, "date", "timestamp", "boolean"]],
  ["sum", numeric],
  ["avg", ["int", "double", "tinyint", "smallint", "float", "decimal"]],
  ["min", ["int", "bigint", "double", "tinyint", "smallint", "float", "date", "timestamp"]],
  ["max", ["int", "bigint", "double", "tinyint", "smallint", "float", "date", "timestamp"]],
];

const anyCase: fc.Arbitrary<Case> = fc
  .tuple(fc.array(fc.boolean(), { minLength: types.length, maxLength: types.length }), fc.boolean())
  .chain(([nullable, ansi]) => {
    const fields = types.map((type, i) => field(`c${i}`, type, nullable[i]!));
    const schema = structType(fields);
    const rows = fc.array(
      fc.tuple(...fields.map((f) => (f.nullable ? fc.option(valueOf(f.type), { freq: 5 }) : valueOf(f.type)))),
      { maxLength: 24 },
    );
    const batch = rows.map((values) => batchFromValues(schema, values));
    const kinds = types.map((t) => t.kind);
    const projection = fc.array(
      fc.constantFrom(...kinds).chain((k) => expressionOf(fields, k, 2, ansi)),
      { minLength: 1, maxLength: 3 },
    );
    return fc
      .tuple(
        fc.array(batch, { minLength: 1, maxLength: 3 }),
        expressionOf(fields, "boolean", 2, ansi),
        projection,
        fc.boolean(),
      )
      .chain(([batches, condition, computed, filtered]) => {
        const all = [...computed, ...fields.map((f, i) => column(i, f))];
        const after = all.map((e, i) => field(`p${i}`, typeOf(e)));
        const steps: PipelineStep[] = [{ kind: "project", expressions: all, schema: structType(after) }];
        if (filtered) steps.unshift({ kind: "filter", condition });
        const key = fc.constantFrom(...after.map((f, i) => column(i, f)).filter((e) => typeOf(e).kind !== "decimal"));
        // Columns that nobody reads are not computed by generated code, nor their errors raised.
        const counts = computed.map((_, i) => aggregate("count", [column(i, after[i]!)], ansi));
        // Sums of other doubles depend on the order of the rows.
        const passed = fields.map((f, i) => column(computed.length + i, f));
        const argumentOf = (fn: string, kind: DataType["kind"]): fc.Arbitrary<Expr> =>
          (fn === "sum" || fn === "avg") && (kind === "double" || kind === "float")
            ? fc.constant(passed.find((e) => typeOf(e).kind === kind)!)
            : expressionOf(after, kind, 1, ansi);
        const one = fc.constantFrom(...plainAggregates).chain(([fn, of]) =>
          fc
            .tuple(
              fc.constantFrom(...of).chain((k) => argumentOf(fn, k)),
              fc.option(expressionOf(after, "boolean", 1, ansi), { freq: 2 }),
            )
            .map(([arg, filter]) => aggregate(fn, [arg], ansi, filter ?? undefined)),
        );
        return fc
          .tuple(fc.array(key, { maxLength: 3 }), fc.array(one, { minLength: 1, maxLength: 4 }))
          .map(([keys, aggregates]): Case => ({
            batches,
            steps,
            keys,
            shape: { keyFields: keys.map((k, i) => field(`k${i}`, typeOf(k))), aggregates: [...aggregates, ...counts] },
            ansi,
          }));
      });
  });

interface Outcome {
  readonly source: string;
  readonly rows: readonly string[];
}

function outcome({ batches, steps, keys, shape, ansi }: Case, codegen: boolean): Outcome {
  const adding = compilePartialAggregation(steps, batches[0]!.schema, keys, shape, options(codegen, ansi));
  try {
    const rows = finished(batches, adding, shape, ansi, codegen);
    return { source: adding.source, rows };
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    return { source: adding.source, rows: ["error"] };
  }
}

/** Final rows as texts, in any order. */
function finished(
  batches: readonly RecordBatch[],
  adding: ReturnType<typeof compilePartialAggregation>,
  shape: AggregationShape,
  ansi: boolean,
  codegen: boolean,
): readonly string[] {
  const buffers = shape.aggregates.flatMap(({ fn, args, type }) =>
    functionRegistry.aggregate(fn)!.buffer({ args: args.map(typeOf), returns: type }, []),
  );
  const partial = structType([...shape.keyFields, ...buffers]);
  const merging = compileFinalAggregation(partial, shape, options(codegen, ansi)).start();
  const own = adding.start();
  for (const batch of batches) own.add(batch);
  merging.add({ schema: partial, ...own.partials() });
  const schema = structType([...shape.keyFields, ...shape.aggregates.map((a, i) => field(`a${i}`, a.type))]);
  const length = merging.groups;
  return valuesOfBatch({ schema, length, columns: merging.results() })
    .map((row) => row.map(textOf).join(" | "))
    .toSorted();
}
const textOf = (value: SqlValue): string => (Object.is(value, -0) ? "0" : `${value as string}`);

describe("aggregations of numbers mean what the interpreter means", () => {
  test("filters, projections, keys and aggregates of every kind, in both modes", () => {
    let inLoop = 0;
    let failed = 0;
    let runs = 0;
    fc.assert(
      fc.property(anyCase, (given) => {
        const generated = outcome(given, true);
        runs++;
        if (generated.source.startsWith("// WebAssembly")) inLoop++;
        if (generated.rows[0] === "error") failed++;
        expect(generated.rows).toEqual(outcome(given, false).rows);
      }),
      { numRuns: 600 },
    );
    expect(inLoop / runs).toBeGreaterThan(0.7);
    expect(failed / runs).toBeLessThan(0.7);
  });
});

/** Aggregates one column `v` of a type, by `key` if given; rows of the final result, in order of appearance. */
function run(
  type: DataType,
  values: readonly SqlValue[],
  {
    key,
    of,
    ansi = true,
  }: { readonly key?: (v: Expr) => Expr; readonly of: (v: Expr) => readonly AggregateCall[]; readonly ansi?: boolean },
): readonly SqlValue[][] {
  const input = structType([field("v", type)]);
  const v = column(0, input.fields[0]!);
  const keys = key === undefined ? [] : [key(v)];
  const shape: AggregationShape = { keyFields: keys.map((k) => field("k", typeOf(k))), aggregates: of(v) };
  const adding = compilePartialAggregation([], input, keys, shape, options(true, ansi));
  expect(adding.source).toContain("WebAssembly");
  const batch = batchFromValues(
    input,
    values.map((value) => [value]),
  );
  // Twice, since the second run has the memory of the first.
  const rows = finished([batch], adding, shape, ansi, true);
  expect(finished([batch], adding, shape, ansi, true)).toEqual(rows);
  return rows.map((row) => row.split(" | "));
}
const rowNumber = (result: readonly SqlValue[][]): Map<SqlValue, SqlValue> => new Map(result.map(([k, n]) => [k!, n!]));

describe("groups in memory", () => {
  const counted = (v: Expr): readonly AggregateCall[] => [
    aggregate("count", [literal(1, intType)]),
    aggregate("sum", [v]),
  ];
  const seven = (v: Expr): Expr => call("%", [v, literal(7n, bigintType)]);

  test("no rows: one row without keys, none with them", () => {
    expect(run(bigintType, [], { of: counted })).toEqual([["0", "null"]]);
    expect(run(bigintType, [], { key: seven, of: counted })).toEqual([]);
  });

  test("batches of any length, NULLs and negative keys", () => {
    for (const rows of [1, 8191, 8192, 8193, 20_000]) {
      const values = Array.from({ length: rows }, (_, i) => (i % 10 === 9 ? null : BigInt(i % 2 === 0 ? i : -i)));
      const result = run(bigintType, values, { key: seven, of: counted });
      const expected = new Map<string, number>();
      for (const value of values)
        expected.set(
          String(value === null ? null : value % 7n),
          (expected.get(String(value === null ? null : value % 7n)) ?? 0) + 1,
        );
      expect(rowNumber(result)).toEqual(new Map([...expected].map(([k, n]) => [k, String(n)])));
    }
  });

  test("consecutive numbers that nobody has written down", () => {
    const input = structType([field("v", bigintType, false)]);
    const v = column(0, input.fields[0]!);
    const shape: AggregationShape = { keyFields: [field("k", bigintType)], aggregates: counted(v) };
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(2n ** 40n), max: 2n ** 40n }),
        fc.bigInt({ min: -(2n ** 33n), max: 2n ** 33n }),
        fc.constantFrom(1, 7, 8192, 8193, 20_000),
        (first, step, length) => {
          const vector = sequenceVector({ first, step }, length, () => new BigInt64Array(length));
          const plain = { ...vector, values: BigInt64Array.from({ length }, (_, i) => first + BigInt(i) * step) };
          const [lazy, written] = [vector, plain].map((only) => {
            const adding = compilePartialAggregation([], input, [seven(v)], shape, options(true, true));
            return finished([{ schema: input, length, columns: [only] }], adding, shape, true, true);
          });
          expect(lazy).toEqual(written);
          expect(vector.values).toEqual(plain.values);
        },
      ),
      { numRuns: 30 },
    );
  });

  test("as many groups as there are keys, near and far from each other", () => {
    for (const spread of [1n, 1n << 20n, 1n << 40n, -(1n << 46n), 86_400_000_000n]) {
      const values = Array.from({ length: 60_000 }, (_, i) => BigInt(i % 30_000) * spread);
      const result = run(bigintType, values, { key: (v) => v, of: counted });
      expect(result.length).toBe(30_000);
      expect(result.every(([k, n, sum]) => n === "2" && BigInt(sum as string) === 2n * BigInt(k as string))).toBe(true);
    }
  });

  test("doubles as keys: one zero, one NaN", () => {
    const values = [0, -0, Number.NaN, -Number.NaN, 1.5, null, ...Array.from({ length: 5000 }, (_, i) => i % 2500)];
    const result = rowNumber(
      run(doubleType, values, {
        key: (v) => v,
        of: (v) => [aggregate("count", [literal(1, intType)]), aggregate("max", [v])],
      }),
    );
    expect(result.size).toBe(2503);
    expect([result.get("0"), result.get("NaN"), result.get("null"), result.get("2499")]).toEqual(["4", "2", "1", "2"]);
  });

  test("a sum of decimals leaves 64 bits and comes back", () => {
    const type = decimalType(15, 0);
    const most = 10n ** 15n - 1n;
    const values = Array.from({ length: 40_000 }, (_, i) => (i < 30_000 ? most : -most));
    const of = (v: Expr): readonly AggregateCall[] => [aggregate("sum", [v])];
    expect(run(type, values, { of })).toEqual([[String(20_000n * most)]]);
    expect(run(type, values.slice(0, 30_000), { of })).toEqual([[String(30_000n * most)]]);
    expect(
      run(
        type,
        values.map((value) => -value),
        { of },
      ),
    ).toEqual([[String(-20_000n * most)]]);
  });
});

describe("rows that leave the loop", () => {
  const max = 2n ** 63n - 1n;
  const outcomeOf = (values: readonly bigint[], ansi: boolean, value: (v: Expr) => Expr): unknown => {
    try {
      return run(bigintType, values, {
        of: (v) => [aggregate("sum", [value(v)], ansi), aggregate("count", [value(v)], ansi)],
        ansi,
      });
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      return error.errorClass;
    }
  };
  const plusOne = (ansi: boolean) => (v: Expr) => call("+", [v, literal(1n, bigintType)], ansi);
  const hundredModulo = (ansi: boolean) => (v: Expr) => call("%", [literal(100n, bigintType), v], ansi);

  test("overflow and division by zero raise Spark's errors", () => {
    expect(outcomeOf([1n, max], true, plusOne(true))).toBe("ARITHMETIC_OVERFLOW");
    expect(outcomeOf([1n, 0n], true, hundredModulo(true))).toBe("REMAINDER_BY_ZERO");
    expect(outcomeOf([1n, max], true, (v) => v)).toBe("ARITHMETIC_OVERFLOW");
    expect(outcomeOf([max, 1n, -5n], true, (v) => v)).toBe("ARITHMETIC_OVERFLOW");
    expect(outcomeOf([max, -1n], true, (v) => v)).toEqual([[String(max - 1n), "2"]]);
  });

  test("without ANSI mode they wrap around or are NULL, however many they are", () => {
    expect(outcomeOf([max, 5n], false, plusOne(false))).toEqual([[String(BigInt.asIntN(64, max + 7n)), "2"]]);
    for (const zeros of [1, 63, 64, 65, 9000, 100_000]) {
      const values = Array.from({ length: zeros + 1000 }, (_, i) => (i < zeros ? 0n : 99n));
      expect(outcomeOf(values, false, hundredModulo(false))).toEqual([["1000", "1000"]]);
    }
  });
});

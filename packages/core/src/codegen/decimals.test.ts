import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { batchFromValues, valuesOfBatch } from "../columnar/batch-from-values.ts";
import type { RecordBatch } from "../columnar/record-batch.ts";
import { isMillraceError } from "../errors/index.ts";
import type { AggregateCall, Expr } from "../expressions/expression.ts";
import { typeOf } from "../expressions/typing.ts";
import { maximumPrecision } from "../functions/decimal.ts";
import { functionRegistry } from "../functions/registry.ts";
import {
  bigintType,
  booleanType,
  type DataType,
  decimalType,
  type DecimalType,
  doubleType,
  type Field,
  field,
  intType,
  type SqlValue,
  structType,
} from "../types/data-type.ts";
import { BatchEvalContext } from "./batch-context.ts";
import { type AggregationShape, compileFinalAggregation, compilePartialAggregation } from "./compile-aggregate.ts";
import { type CodegenOptions, compilePipeline } from "./compile-pipeline.ts";

const options = (codegen: boolean): CodegenOptions => ({
  context: new BatchEvalContext("UTC", true),
  codegen,
  bigint: true,
});

/** Values at which a form could go wrong: the ends of exact doubles, of 32, 64 and 128 bits, of the type, and halves. */
function valueOf(type: DecimalType): fc.Arbitrary<bigint> {
  const limit = 10n ** BigInt(type.precision) - 1n;
  const edges = [
    0n,
    1n,
    5n,
    49n,
    50n,
    51n,
    2n ** 31n,
    2n ** 32n,
    2n ** 52n,
    2n ** 53n,
    2n ** 54n,
    2n ** 63n,
    2n ** 64n,
  ];
  for (const digits of [15, 16, 18, 19, 37, 38]) edges.push(10n ** BigInt(digits));
  edges.push(limit);
  const near = fc
    .tuple(fc.constantFrom(...edges), fc.bigInt({ min: -2n, max: 2n }), fc.boolean())
    .map(([edge, by, negative]) => (negative ? -(edge + by) : edge + by));
  return fc
    .oneof(near, fc.bigInt({ min: -1000n, max: 1000n }), fc.bigInt({ min: -limit, max: limit }))
    .map((value) => (value > limit ? limit : value < -limit ? -limit : value));
}
const precision = fc.oneof(
  fc.constantFrom(1, 2, 5, 9, 10, 12, 15, 16, 18, 19, 25, 37, 38),
  fc.integer({ min: 1, max: maximumPrecision }),
);
const anyDecimal = precision.chain((p) => fc.integer({ min: 0, max: p }).map((s) => decimalType(p, s)));

interface Table {
  readonly types: readonly DecimalType[];
  readonly batch: RecordBatch;
}
const table = fc.tuple(anyDecimal, anyDecimal, anyDecimal).chain((types) =>
  fc
    .array(fc.tuple(...types.map((type) => fc.option(valueOf(type), { freq: 6 })), fc.integer(), bigints), {
      minLength: 1,
      maxLength: 12,
    })
    .map((rows): Table => {
      const columns = [...types, intType, bigintType].map((type, i) => field(`c${i}`, type));
      return { types, batch: batchFromValues(structType(columns), rows as SqlValue[][]) };
    }),
);
const bigints = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n), 2n ** 53n - 1n),
);

const column = (ordinal: number, type: DataType): Expr => ({ kind: "BoundReference", ordinal, type, nullable: true });
const call = (fn: string, returns: DataType, args: readonly Expr[], ansi: boolean): Expr => ({
  kind: "Call",
  fn,
  args,
  type: returns,
  nullable: true,
  ansi,
});

/** An expression as the analyzer types it. */
function operation(symbol: string, a: Expr, b: Expr, ansi: boolean): Expr {
  const infos = [a, b].map((e) => ({ type: typeOf(e), nullable: true }));
  const types = functionRegistry.scalar(symbol)!.resolve(infos, { sql: symbol, ansi });
  const args = [a, b].map((e, i) => converted(e, types.args[i]!, "ansi"));
  return call(symbol, types.returns, args, ansi);
}
const converted = (child: Expr, type: DataType, mode: "ansi" | "legacy" | "try"): Expr =>
  JSON.stringify(typeOf(child)) === JSON.stringify(type) ? child : { kind: "Cast", child, type, mode };

const expressionOf = (types: readonly DecimalType[], depth: number): fc.Arbitrary<Expr> => {
  const leaf = fc.oneof(
    fc.constantFrom(...types.map((type, i) => column(i, type))),
    anyDecimal.chain((type) => valueOf(type).map((value): Expr => ({ kind: "Literal", value, type }))),
    anyDecimal.map((type): Expr => ({ kind: "Literal", value: null, type })),
    fc
      .tuple(anyDecimal, fc.constantFrom(3, 4))
      .map(([type, i]) => converted(column(i, i === 3 ? intType : bigintType), type, "try")),
  );
  if (depth === 0) return leaf;
  const inner = expressionOf(types, depth - 1);
  return fc.oneof(
    leaf,
    fc
      .tuple(fc.constantFrom("+", "-", "*"), inner, inner, fc.boolean())
      .map(([symbol, a, b, ansi]) => operation(symbol, a, b, ansi)),
    fc
      .tuple(inner, anyDecimal, fc.constantFrom("ansi" as const, "legacy" as const, "try" as const))
      .map(([a, type, mode]) => converted(a, type, mode)),
    fc.tuple(inner, inner, inner).map(([a, b, c]) => {
      const other = converted(c, typeOf(b), "try");
      return call("if", typeOf(b), [operation("<", a, b, true), b, other], true);
    }),
  );
};

function attempt<T>(run: () => T): T | string {
  try {
    return run();
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    return error.message;
  }
}

describe("decimals as exact doubles", () => {
  test("arithmetic, casts, comparisons and conditionals give what bigints give", () => {
    fc.assert(
      fc.property(
        table.chain(({ types, batch }) =>
          fc.tuple(
            fc.constant(batch),
            fc.array(expressionOf(types, 3), { minLength: 1, maxLength: 3 }),
            fc.constantFrom("=", "!=", "<", "<=", ">", ">=", "<=>"),
          ),
        ),
        ([batch, expressions, relation]) => {
          const all = [
            ...expressions,
            operation(relation, expressions[0]!, expressions.at(-1)!, true),
            converted(expressions[0]!, doubleType, "ansi"),
          ];
          const fields = all.map((e, i) => field(`o${i}`, typeOf(e)));
          const [generated, interpreted] = [true, false].map((codegen) =>
            attempt(() =>
              valuesOfBatch(
                compilePipeline(
                  [{ kind: "project", expressions: all, schema: structType(fields) }],
                  batch.schema,
                  options(codegen),
                ).run(batch),
              ),
            ),
          );
          // Which of several errors comes first may differ.
          if (typeof generated === "string" && typeof interpreted === "string") return;
          expect(generated).toEqual(interpreted);
        },
      ),
      { numRuns: 1500 },
    );
  });

  test("a product of 2^53 or more, halves and a lost sign keep every digit", () => {
    const [a, b] = [decimalType(15, 2), decimalType(38, 10)];
    const rows = [
      [999_999_999_999_999n, 10n ** 37n],
      [-999_999_999_999_999n, 15n * 10n ** 9n],
      [3n, -5n * 10n ** 9n],
      [0n, -1n],
    ];
    const batch = batchFromValues(structType([field("a", a), field("b", b)]), rows);
    const expressions = [
      operation("*", column(0, a), column(0, a), true),
      operation("*", column(0, a), column(1, b), false),
      converted(column(0, a), decimalType(14, 1), "try"),
      operation("-", column(0, a), column(1, b), true),
    ];
    const schema = structType(expressions.map((e, i) => field(`o${i}`, typeOf(e))));
    const run = (codegen: boolean): SqlValue[][] =>
      valuesOfBatch(
        compilePipeline([{ kind: "project", expressions, schema }], batch.schema, options(codegen)).run(batch),
      );
    expect(run(true)).toEqual(run(false));
    expect(run(true)[0]![0]).toBe(999_999_999_999_999n ** 2n);
    expect(run(true).map((row) => row[2])).toEqual([null, null, 0n, 0n]);
  });
});

interface Grouping {
  readonly type: DecimalType;
  readonly keyed: boolean;
  readonly parts: readonly RecordBatch[];
}
const grouping = fc.tuple(anyDecimal, fc.boolean()).chain(([type, keyed]) =>
  fc
    .array(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.option(valueOf(type), { freq: 6 })), { maxLength: 15 }),
      { minLength: 1, maxLength: 3 },
    )
    .map((parts): Grouping => ({
      type,
      keyed,
      parts: parts.map((rows) => batchFromValues(structType([field("k", intType), field("v", type)]), rows)),
    })),
);

describe("sums and averages of decimals", () => {
  test.each([true, false])("any split gives what bigints give (ANSI %s)", (ansi) => {
    fc.assert(
      fc.property(grouping, ({ type, keyed, parts }) => {
        const aggregates = ["sum", "avg", "try_avg"].map((fn): AggregateCall => {
          const signature = functionRegistry.aggregate(fn)!.resolve([{ type, nullable: true }], { sql: fn, ansi });
          const args = [converted(column(1, type), signature.args[0]!, "ansi")];
          return { kind: "AggregateCall", fn, args, distinct: false, type: signature.returns, nullable: true, ansi };
        });
        const keyFields: Field[] = keyed ? [field("k", intType)] : [];
        const shape: AggregationShape = { keyFields, aggregates };
        const keys = keyed ? [column(0, intType)] : [];
        const buffers = aggregates.flatMap(({ fn, args, type: returns }) =>
          functionRegistry.aggregate(fn)!.buffer({ args: args.map(typeOf), returns }, []),
        );
        const partial = structType([...keyFields, ...buffers]);
        const byKey = (a: readonly SqlValue[], b: readonly SqlValue[]): number =>
          keyed ? Number(a[0]) - Number(b[0]) : 0;
        const [generated, interpreted] = [true, false].map((codegen) => {
          const adding = compilePartialAggregation([], parts[0]!.schema, keys, shape, options(codegen));
          const merging = compileFinalAggregation(partial, shape, options(codegen)).start();
          const saved = parts.map((part) => {
            const own = adding.start();
            own.add(part);
            const batch = { schema: partial, ...own.partials() };
            merging.add(batch);
            return valuesOfBatch(batch).toSorted(byKey);
          });
          const fields = aggregates.map((a, i) => field(`a${i}`, a.type));
          return attempt(() => {
            const columns = merging.results();
            const schema = structType([...keyFields, ...fields]);
            return [saved, valuesOfBatch({ schema, length: merging.groups, columns }).toSorted(byKey)];
          });
        });
        // Groups are finished in another order, so that the first one that does not fit may be another one.
        if (typeof generated === "string" && typeof interpreted === "string")
          expect(generated.replace(/The \S+ cannot/, "")).toBe(interpreted.replace(/The \S+ cannot/, ""));
        else expect(generated).toEqual(interpreted);
      }),
      { numRuns: 600 },
    );
  });
});

test("rows that are not exact in machine numbers make no sum overflow that fits in the end", () => {
  const type = decimalType(38, 31);
  const limit = 10n ** 38n - 1n;
  const rows = [-(2n ** 63n), -limit, 1n, 2n ** 63n - 1n].map((value) => [0, value]);
  const batch = batchFromValues(structType([field("k", intType), field("v", type)]), rows);
  const sum: AggregateCall = {
    kind: "AggregateCall",
    fn: "sum",
    args: [column(1, type)],
    distinct: false,
    type,
    nullable: true,
    ansi: false,
  };
  const adding = compilePartialAggregation([], batch.schema, [], { keyFields: [], aggregates: [sum] }, options(true));
  const own = adding.start();
  own.add(batch);
  const partials = own.partials();
  const schema = structType([field("sum", type), field("isEmpty", booleanType)]);
  expect(valuesOfBatch({ schema, ...partials })).toEqual([[-limit, false]]);
});

test("a filter on a decimal reads the double", () => {
  const type = decimalType(15, 2);
  const batch = batchFromValues(structType([field("v", type)]), [[499n], [500n], [501n], [null], [-501n]]);
  const five: Expr = { kind: "Literal", value: 500n, type };
  const pipeline = compilePipeline(
    [{ kind: "filter", condition: call(">=", booleanType, [column(0, type), five], true) }],
    batch.schema,
    options(true),
  );
  expect(valuesOfBatch(pipeline.run(batch))).toEqual([[500n], [501n]]);
  expect(pipeline.source).not.toMatch(/readDecimal|BigInt/);
});

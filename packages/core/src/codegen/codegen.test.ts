import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arbitraryBatch, arbitraryName } from "../columnar/arbitraries.test-support.ts";
import { batchFromValues, valuesOfBatch } from "../columnar/batch-from-values.ts";
import type { RecordBatch } from "../columnar/record-batch.ts";
import { isMillraceError } from "../errors/index.ts";
import type { Call, Expr } from "../expressions/expression.ts";
import { typeOf } from "../expressions/typing.ts";
import {
  arrayType,
  bigintType,
  binaryType,
  booleanType,
  type DataType,
  decimalType,
  doubleType,
  field,
  intType,
  smallintType,
  type SqlValue,
  stringType,
  structType,
  timestampType,
} from "../types/data-type.ts";
import { BatchEvalContext } from "./batch-context.ts";
import { type CodegenOptions, compilePipeline } from "./compile-pipeline.ts";
import { compilePredicate } from "./compile-predicate.ts";
import { KeyCompiler } from "./group-keys.ts";
import type { PipelineStep } from "./pipeline.ts";

const options = (codegen: boolean): CodegenOptions => ({
  context: new BatchEvalContext("UTC", true),
  codegen,
  bigint: true,
});
const column = (ordinal: number, type: DataType): Expr => ({ kind: "BoundReference", ordinal, type, nullable: true });
const literal = (value: SqlValue, type: DataType): Expr => ({ kind: "Literal", value, type });
const call = (fn: string, type: DataType, ...args: readonly Expr[]): Call => ({
  kind: "Call",
  fn,
  args,
  type,
  nullable: true,
  ansi: true,
});
const cast = (child: Expr, type: DataType, mode: "ansi" | "try" = "ansi"): Expr => ({
  kind: "Cast",
  child,
  type,
  mode,
});

const point = structType([field("x", intType), field("y", stringType)]);
const columns = [
  booleanType,
  smallintType,
  intType,
  bigintType,
  doubleType,
  stringType,
  binaryType,
  decimalType(12, 3),
  timestampType,
  point,
  arrayType(intType),
];
const schema = structType(columns.map((type, i) => field(`c${i}`, type)));

/** Expressions of a type over the schema; small integers, so that overflow is possible but not certain. */
const made = new Map<string, fc.Arbitrary<Expr>>();
function expressionOf(type: DataType, depth: number): fc.Arbitrary<Expr> {
  const key = `${type.kind} ${depth}`;
  const found = made.get(key) ?? makeExpressionOf(type, depth);
  made.set(key, found);
  return found;
}
function makeExpressionOf(type: DataType, depth: number): fc.Arbitrary<Expr> {
  const own = columns.flatMap((t, i) => (t.kind === type.kind ? [fc.constant(column(i, t))] : []));
  const leaves: fc.Arbitrary<Expr>[] = [...own, fc.constant(literal(null, type))];
  const of = (t: DataType): fc.Arbitrary<Expr> => expressionOf(t, depth - 1);
  switch (type.kind) {
    case "boolean":
      leaves.push(fc.constantFrom(literal(true, type), literal(false, type)));
      break;
    case "int":
      leaves.push(fc.integer({ min: -5, max: 5 }).map((v) => literal(v, type)));
      leaves.push(
        fc.constant({
          kind: "GetStructField",
          child: column(9, point),
          ordinal: 0,
          name: "x",
          type: intType,
          nullable: true,
        }),
      );
      break;
    case "bigint":
      leaves.push(fc.bigInt({ min: -5n, max: 5n }).map((v) => literal(v, type)));
      break;
    case "double":
      leaves.push(fc.double().map((v) => literal(v, type)));
      break;
    case "string":
      leaves.push(fc.string({ maxLength: 4 }).map((v) => literal(v, type)));
      leaves.push(
        fc.constant({
          kind: "GetStructField",
          child: column(9, point),
          ordinal: 1,
          name: "y",
          type: stringType,
          nullable: true,
        }),
      );
      break;
    default:
  }
  const leaf = fc.oneof(...leaves);
  if (depth === 0) return leaf;
  const inner: fc.Arbitrary<Expr>[] = [
    leaf,
    fc.tuple(of(booleanType), of(type), of(type)).map(([c, a, b]) => call("if", type, c, a, b)),
    fc.tuple(of(booleanType), of(type), of(booleanType), of(type)).map((args) => call("when", type, ...args)),
    fc.tuple(of(type), of(type)).map((args) => call("coalesce", type, ...args)),
  ];
  switch (type.kind) {
    case "boolean":
      inner.push(
        fc.tuple(of(type), of(type), fc.constantFrom("and", "or")).map(([a, b, fn]) => call(fn, type, a, b)),
        of(type).map((a) => call("not", type, a)),
        fc
          .constantFrom<DataType>(intType, bigintType, doubleType, stringType)
          .chain((t) =>
            fc.tuple(of(t), of(t), fc.constantFrom("=", "<", ">=", "<=>")).map(([a, b, fn]) => call(fn, type, a, b)),
          ),
        fc
          .constantFrom(...columns)
          .chain((t) => of(t))
          .map((a) => call("isnull", type, a)),
      );
      break;
    case "int":
    case "bigint":
    case "double":
      inner.push(
        fc.tuple(of(type), of(type), fc.constantFrom("+", "-", "*")).map(([a, b, fn]) => call(fn, type, a, b)),
      );
      if (type.kind !== "int") inner.push(of(intType).map((a) => cast(a, type)));
      if (type.kind === "int")
        inner.push(
          of(bigintType).map((a) => cast(a, type, "try")),
          of(stringType).map((a) => cast(a, type, "try")),
        );
      break;
    case "string":
      inner.push(
        of(bigintType).map((a) => cast(a, type)),
        of(booleanType).map((a) => cast(a, type)),
      );
      break;
    default:
  }
  return fc.oneof(...inner);
}

const anyExpression = fc
  .constantFrom<DataType>(booleanType, intType, bigintType, doubleType, stringType, ...columns)
  .chain((t) => expressionOf(t, 3));

function outcome(steps: readonly PipelineStep[], batch: RecordBatch, codegen: boolean): SqlValue[][] | string {
  try {
    return valuesOfBatch(compilePipeline(steps, batch.schema, options(codegen)).run(batch));
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    return "error";
  }
}
function projection(expressions: readonly Expr[]): PipelineStep {
  return { kind: "project", expressions, schema: structType(expressions.map((e, i) => field(`o${i}`, typeOf(e)))) };
}

describe("generated code means what the interpreter means", () => {
  test("filters, projections over projections, expansions", () => {
    fc.assert(
      fc.property(
        arbitraryBatch(schema, 20),
        expressionOf(booleanType, 3),
        fc.array(anyExpression, { minLength: 1, maxLength: 4 }),
        fc.constantFrom("project", "twice", "expand"),
        (batch, condition, expressions, shape) => {
          const first = projection([...expressions, condition, ...columns.map((t, i) => column(i, t))]);
          const steps: PipelineStep[] = [{ kind: "filter", condition }, first];
          if (shape === "twice") {
            const again = expressions.map((e, i) => column(i, typeOf(e)));
            steps.push(
              { kind: "filter", condition: column(expressions.length, booleanType) },
              projection([...again, ...again]),
            );
          }
          if (shape === "expand") {
            const [one] = expressions as [Expr];
            const type = typeOf(one);
            const out = structType([field("e", type), field("f", booleanType)]);
            steps.splice(1, 1, {
              kind: "expand",
              projections: [
                [one, condition],
                [literal(null, type), condition],
              ],
              schema: out,
            });
          }
          expect(outcome(steps, batch, true)).toEqual(outcome(steps, batch, false));
        },
      ),
      { numRuns: 300 },
    );
  });

  test("a conjunct that is not true keeps those after it from being evaluated", () => {
    const overflow = call("*", intType, literal(2 ** 30, intType), literal(4, intType));
    const condition = call("and", booleanType, literal(null, booleanType), call("=", booleanType, overflow, overflow));
    const [batch] = fc.sample(arbitraryBatch(schema, 20), { numRuns: 1, seed: 1 });
    for (const codegen of [true, false]) expect(outcome([{ kind: "filter", condition }], batch!, codegen)).toEqual([]);
  });

  test("any column of any type passes through, alone and behind a filter", () => {
    fc.assert(
      fc.property(arbitraryBatch(undefined, 20), fc.boolean(), (batch, filtered) => {
        const all = batch.schema.fields.map((f, i): Expr => ({
          kind: "BoundReference",
          ordinal: i,
          type: f.type,
          nullable: f.nullable,
        }));
        const wrapped = all.map((e) => call("coalesce", typeOf(e), e, literal(null, typeOf(e))));
        const steps: PipelineStep[] = [projection([...all, ...wrapped])];
        if (filtered)
          steps.unshift({ kind: "filter", condition: call("not", booleanType, call("isnull", booleanType, all[0]!)) });
        expect(outcome(steps, batch, true)).toEqual(outcome(steps, batch, false));
      }),
      { numRuns: 200 },
    );
  });

  test("predicates and keys of any type", () => {
    fc.assert(
      fc.property(arbitraryBatch(undefined, 30), fc.constantFrom("group" as const, "skip" as const), (batch, nulls) => {
        const keys = batch.schema.fields.map((f, i): Expr => ({
          kind: "BoundReference",
          ordinal: i,
          type: f.type,
          nullable: f.nullable,
        }));
        const nullable = structType(batch.schema.fields.map((f) => ({ ...f, nullable: true })));
        const [generated, interpreted] = [true, false].map((codegen) => {
          const compiler = new KeyCompiler(nullable, options(codegen));
          const table = compiler.table();
          const groups = new Int32Array(batch.length);
          compiler.assigner(keys, batch.schema, { missing: "insert", nulls }).assign(table, batch, groups);
          const found = new Int32Array(batch.length);
          compiler.assigner(keys, batch.schema, { missing: "find", nulls }).assign(table, batch, found);
          expect(found).toEqual(groups);
          return { groups, keys: valuesOfBatch({ schema: nullable, length: table.count, columns: table.keys() }) };
        });
        expect(generated).toEqual(interpreted);
      }),
      { numRuns: 200 },
    );
  });

  test("a predicate chooses the same rows", () => {
    fc.assert(
      fc.property(
        arbitraryBatch(schema, 20),
        fc.array(expressionOf(booleanType, 2), { maxLength: 3 }),
        (batch, conjuncts) => {
          const [a, b] = [true, false].map((codegen) => {
            const selection = new Int32Array(batch.length);
            try {
              const count = compilePredicate(conjuncts, schema, options(codegen)).select(batch, selection);
              return [...selection.subarray(0, count)];
            } catch (error) {
              if (!isMillraceError(error)) throw error;
              return "error";
            }
          });
          expect(a).toEqual(b);
        },
      ),
    );
  });
});

test("no text of the user's stands in generated source, whatever it is", () => {
  const hostile = [
    "'];globalThis.canary();//",
    "`${globalThis.canary()}`",
    "__proto__",
    "constructor",
    '"\\n*/',
    "\u2028x",
    "\ud800y",
  ];
  fc.assert(
    fc.property(fc.oneof(arbitraryName, fc.constantFrom(...hostile)), (text) => {
      const marker = `canary${text}canary`;
      const named = structType([field(marker, stringType), field("p", structType([field(marker, intType)]))]);
      const steps: PipelineStep[] = [
        { kind: "filter", condition: call("=", booleanType, column(0, stringType), literal(marker, stringType)) },
        {
          kind: "project",
          schema: structType([field(marker, stringType), field(`${marker}2`, intType)]),
          expressions: [
            call("coalesce", stringType, column(0, stringType), literal(marker, stringType)),
            {
              kind: "GetStructField",
              child: column(1, named.fields[1]!.type),
              ordinal: 0,
              name: marker,
              type: intType,
              nullable: true,
            },
          ],
        },
      ];
      const pipeline = compilePipeline(steps, named, options(true));
      expect(pipeline.source).not.toContain("canary");
      const wellFormed = marker.toWellFormed();
      const batch = batchFromValues(named, [
        [wellFormed, [1]],
        ["x", [2]],
      ]);
      expect(valuesOfBatch(pipeline.run(batch))).toEqual([[wellFormed, 1]]);
    }),
  );
});

describe("deep expressions", () => {
  const depth = 5000;
  const batch = batchFromValues(schema, [[true, 1, 1, 1n, 1, "a", new Uint8Array(0), 1n, 1n, [1, "a"], [1]]]);
  test.each([true, false])("chains of 5,000 operators compile and run (codegen %s)", (codegen) => {
    let sum: Expr = column(3, bigintType);
    for (let i = 0; i < depth; i++) sum = call("+", bigintType, sum, literal(1n, bigintType));
    let all: Expr = call("=", booleanType, column(2, intType), literal(1, intType));
    for (let i = 0; i < depth; i++)
      all = call(
        i % 2 === 0 ? "and" : "or",
        booleanType,
        all,
        call("=", booleanType, column(2, intType), literal(i, intType)),
      );
    let chain: Expr = column(0, booleanType);
    for (let i = 0; i < depth; i++)
      chain = call("or", booleanType, chain, call("=", booleanType, column(2, intType), literal(i, intType)));
    expect(outcome([projection([sum, chain, all])], batch, codegen)).toEqual([[5001n, true, false]]);
  });
  test.each([true, false])(
    "conditionals nested beyond the limit are refused with an error of their own (codegen %s)",
    (codegen) => {
      let nested: Expr = column(2, intType);
      for (let i = 0; i < depth; i++) nested = call("if", intType, column(0, booleanType), literal(i, intType), nested);
      expect(() => compilePipeline([projection([nested])], schema, options(codegen)).run(batch)).toThrow(
        "EXPRESSION_NESTED_TOO_DEEP",
      );
    },
  );
});

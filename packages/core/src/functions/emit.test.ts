import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compilePipeline } from "../codegen/compile-pipeline.ts";
import { batchFromValues, valuesOfBatch } from "../columnar/batch-from-values.ts";
import { equalValues } from "../columnar/compare.ts";
import type { Expr } from "../expressions/expression.ts";
import { parseExpression } from "../sql/index.ts";
import {
  bigintType,
  booleanType,
  type DataType,
  dateType,
  decimalType,
  doubleType,
  field,
  floatType,
  intType,
  type SqlValue,
  smallintType,
  stringType,
  structType,
  timestampType,
  tinyintType,
} from "../types/data-type.ts";
import { bindCast, canCast, castCanReturnNull, type CastMode } from "./casts.ts";
import { evaluate, evaluateSql, type Evaluated, testContext } from "./evaluate.test-support.ts";
import type { ArgumentInfo } from "./function.ts";
import { functionRegistry } from "./registry.ts";

const options = { context: testContext, codegen: true, bigint: true };

/** Runs an expression over rows of one column set in generated code. */
function generated(
  expr: Expr,
  returns: DataType,
  columns: readonly DataType[],
  rows: readonly (readonly SqlValue[])[],
): SqlValue[] {
  const schema = structType(columns.map((type, i) => field(`c${i}`, type)));
  const out = structType([field("r", returns)]);
  const pipeline = compilePipeline([{ kind: "project", expressions: [expr], schema: out }], schema, options);
  return valuesOfBatch(pipeline.run(batchFromValues(schema, rows))).map((row) => row[0]!);
}
const column = (ordinal: number, type: DataType): Expr => ({ kind: "BoundReference", ordinal, type, nullable: true });

describe("generated code gives what the documented examples say", () => {
  for (const fn of functionRegistry.allFunctions()) {
    if (!("nulls" in fn) || !fn.deterministic) continue;
    for (const { sql } of fn.doc.examples) {
      const parsed = parseExpression(sql);
      if (parsed.kind !== "UnresolvedFunction") continue;
      const scalar = functionRegistry.scalar(parsed.name);
      // Lambdas are no literals: codegen.test.ts has them.
      if (scalar === undefined || scalar.lambdas !== undefined) continue;
      test(sql, () => {
        const values = parsed.args.map((arg): Evaluated => evaluate(arg, testContext));
        const infos = values.map(({ value, type }): ArgumentInfo => ({ type, nullable: true, literal: { value } }));
        const types = scalar.resolve(infos, { sql, ansi: true });
        const args = values.map(({ value, type }, i) => bindCast(type, types.args[i]!, "ansi", "UTC")(value));
        const wanted = evaluateSql(sql).value;
        const call = (argOf: (i: number, type: DataType) => Expr): Expr => ({
          kind: "Call",
          fn: scalar.name,
          args: types.args.map((type, i) => argOf(i, type)),
          type: types.returns,
          nullable: true,
          ansi: true,
        });
        const literal = (i: number, type: DataType): Expr => ({ kind: "Literal", value: args[i]!, type });
        const storable = types.args.every((type) => type.kind !== "null") && types.returns.kind !== "null";
        // Once with constants, once with columns (and constants where the function asks for them), beside a row of NULLs.
        const forms = [call(literal)];
        const wantsLiterals =
          /extract|date_?part|json|csv|to_char|to_number|window|named_struct|current|now|^map|_fields?$/.test(
            scalar.name,
          );
        if (storable && !wantsLiterals) forms.push(call(column));
        for (const form of forms) {
          const rows = [args, types.args.map(() => null), args];
          const got = generated(form, types.returns, types.args, storable ? rows : [[]]);
          expect(equalValues(types.returns, got[0]!, wanted), `${String(got[0])} is not ${String(wanted)}`).toBe(true);
          expect(equalValues(types.returns, got.at(-1)!, wanted)).toBe(true);
        }
      });
    }
  }
});

const values: readonly (readonly [DataType, fc.Arbitrary<SqlValue>])[] = [
  [tinyintType, fc.integer({ min: -128, max: 127 })],
  [smallintType, fc.integer({ min: -32768, max: 32767 })],
  [intType, fc.oneof(fc.integer(), fc.constantFrom(0, -1, 2147483647, -2147483648))],
  [bigintType, fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: -5n, max: 5n }))],
  [floatType, fc.float()],
  [doubleType, fc.oneof(fc.double(), fc.integer(), fc.constantFrom(0, -0, NaN, 0.5))],
  [decimalType(10, 2), fc.bigInt({ min: -9999999999n, max: 9999999999n })],
  [booleanType, fc.boolean()],
  [
    stringType,
    fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 8 }),
      fc.integer().map(String),
      fc.constantFrom("", " a ", "AbC", "2024-01-02", "2024-01-02T03:04:05.678Z"),
    ),
  ],
  [dateType, fc.integer({ min: -100000, max: 100000 })],
  [timestampType, fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n })],
];

type Outcome = { readonly value: SqlValue } | { readonly errorClass: unknown };
function outcome(run: () => SqlValue): Outcome {
  try {
    return { value: run() };
  } catch (error) {
    return { errorClass: (error as { errorClass?: unknown }).errorClass ?? String(error) };
  }
}
function expectSame(type: DataType, a: Outcome, b: Outcome): void {
  if ("value" in a && "value" in b)
    expect(equalValues(type, a.value, b.value), `${String(a.value)} is not ${String(b.value)}`).toBe(true);
  else expect(a).toEqual(b);
}

describe("generated code agrees with the interpreter form", () => {
  const binary = [
    "+",
    "-",
    "*",
    "/",
    "%",
    "div",
    "pmod",
    "=",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "<=>",
    "&",
    "nullif",
    "coalesce",
    "in",
    "concat",
    "contains",
    "startswith",
    "endswith",
    "instr",
  ];
  for (const name of binary) {
    for (const [type, arbitrary] of values) {
      const fn = functionRegistry.scalar(name)!;
      const infos = [type, type].map((t): ArgumentInfo => ({ type: t, nullable: true }));
      let types: ReturnType<typeof fn.resolve>;
      try {
        types = fn.resolve(infos, { sql: name, ansi: true });
      } catch {
        continue;
      }
      if (types.args.some((t) => t.kind !== type.kind)) continue;
      test(`${name} of ${type.kind}`, () => {
        const expr: Expr = {
          kind: "Call",
          fn: name,
          args: types.args.map((t, i) => column(i, t)),
          type: types.returns,
          nullable: true,
          ansi: true,
        };
        const bound = fn.bind(
          types,
          testContext,
          types.args.map((t) => ({ type: t, nullable: true })),
        );
        const operand = fc.option(arbitrary, { freq: 8 });
        fc.assert(
          fc.property(operand, operand, (a, b) => {
            const wanted = outcome(() => (fn.nulls === "propagate" && (a === null || b === null) ? null : bound(a, b)));
            expectSame(
              types.returns,
              outcome(() => generated(expr, types.returns, types.args, [[a, b]])[0]!),
              wanted,
            );
          }),
          { numRuns: 40 },
        );
      });
    }
  }
  const unary = [
    "abs",
    "negative",
    "not",
    "isnull",
    "isnan",
    "lower",
    "upper",
    "length",
    "octet_length",
    "trim",
    "ltrim",
    "rtrim",
    "hour",
    "minute",
    "second",
    "unix_seconds",
    "unix_millis",
    "timestamp_millis",
    "floor",
    "sqrt",
    "ln",
    "~",
    "year",
  ];
  for (const name of unary) {
    for (const [type, arbitrary] of values) {
      const fn = functionRegistry.scalar(name)!;
      let types: ReturnType<typeof fn.resolve>;
      try {
        types = fn.resolve([{ type, nullable: true }], { sql: name, ansi: true });
      } catch {
        continue;
      }
      if (types.args[0]!.kind !== type.kind) continue;
      test(`${name} of ${type.kind}`, () => {
        const expr: Expr = {
          kind: "Call",
          fn: name,
          args: [column(0, type)],
          type: types.returns,
          nullable: true,
          ansi: true,
        };
        const bound = fn.bind(types, testContext, [{ type, nullable: true }]);
        fc.assert(
          fc.property(fc.option(arbitrary, { freq: 8 }), (a) => {
            const wanted = outcome(() => (fn.nulls === "propagate" && a === null ? null : bound(a)));
            expectSame(
              types.returns,
              outcome(() => generated(expr, types.returns, [type], [[a]])[0]!),
              wanted,
            );
          }),
          { numRuns: 40 },
        );
      });
    }
  }
});

describe("generated casts agree with the interpreter form", () => {
  for (const [from, arbitrary] of values) {
    for (const [to] of values) {
      for (const mode of ["ansi", "try", "legacy"] as const satisfies readonly CastMode[]) {
        if (!canCast(from, to, mode)) continue;
        test(`${from.kind} to ${to.kind}, ${mode}`, () => {
          const expr: Expr = { kind: "Cast", child: column(0, from), type: to, mode };
          const cast = bindCast(from, to, mode, "UTC");
          fc.assert(
            fc.property(fc.option(arbitrary, { freq: 8 }), (a) => {
              const wanted = outcome(() => cast(a));
              if ("value" in wanted && wanted.value === null && a !== null)
                expect(castCanReturnNull(from, to, mode)).toBe(true);
              expectSame(
                to,
                outcome(() => generated(expr, to, [from], [[a]])[0]!),
                wanted,
              );
            }),
            { numRuns: 30 },
          );
        });
      }
    }
  }
});

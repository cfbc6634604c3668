import * as fc from "fast-check";
import { expect, test } from "vitest";
import { valuesOfBatch } from "../../columnar/batch-from-values.ts";
import { targetBatchRows } from "../../columnar/record-batch.ts";
import { isMillraceError } from "../../errors/index.ts";
import type { PhysicalPlan, UserRowsExec } from "../../physical-plan/physical-plan.ts";
import {
  arrayType,
  bigintType,
  booleanType,
  type DataType,
  doubleType,
  field,
  floatType,
  intType,
  smallintType,
  type SqlValue,
  stringType,
  structType,
  type StructType,
  timestampType,
  tinyintType,
} from "../../types/data-type.ts";
import { compilePlan } from "../compile-plan.ts";
import { context, newId, table, union } from "../execution.test-support.ts";

const plainTypes = [
  booleanType,
  tinyintType,
  smallintType,
  intType,
  bigintType,
  floatType,
  doubleType,
  stringType,
] as const;
const otherTypes = [timestampType, arrayType(intType), structType([field("x", intType), field("y", stringType)])];

/** What a closure may give for a type, right and wrong. */
function given(type: DataType): fc.Arbitrary<unknown> {
  const right: fc.Arbitrary<unknown> = (() => {
    switch (type.kind) {
      case "boolean":
        return fc.boolean();
      case "tinyint":
      case "smallint":
      case "int":
        return fc.oneof(fc.integer({ min: -128, max: 127 }), fc.constantFrom(-0, 5n, 100n));
      case "bigint":
        return fc.oneof(fc.maxSafeInteger(), fc.constantFrom(-0, 7n));
      case "float":
      case "double":
        return fc.oneof(fc.double(), fc.constantFrom(3n, -0, Number.NaN));
      case "string":
        return fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("view", "purchase", "ünïcode ".repeat(9)));
      case "timestamp":
        return fc.constantFrom(new Date(5), "2024-02-29T12:30:00Z");
      case "array":
        return fc.constantFrom([1, null], [], new Set([3]));
      default:
        return fc.constantFrom({ x: 1, y: "a", z: 0 }, [2, "b"]);
    }
  })();
  const wrong = fc.constantFrom<unknown>(null, undefined, 2n ** 60n, 1.5, 3e9, 200, "text", {}, new Date(0), true);
  return fc.oneof({ weight: 12, arbitrary: right }, { weight: 1, arbitrary: wrong });
}

class Instance {
  readonly #values: Readonly<Record<string, unknown>>;
  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
    for (const name of Object.keys(values)) {
      Object.defineProperty(this, name, { get: () => this.#values[name], enumerable: true });
    }
  }
}

/** Rows as a closure may give them: with other orders, more and fewer properties, of other makes. */
function rowsGiven(schema: StructType): fc.Arbitrary<unknown> {
  const names = schema.fields.map((f) => f.name);
  return fc
    .record({
      values: fc.tuple(...schema.fields.map((f) => given(f.type))),
      form: fc.constantFrom(
        "plain",
        "plain",
        "plain",
        "reversed",
        "more",
        "fewer",
        "array",
        "instance",
        "bare",
        "promise",
      ),
      strange: fc.nat(30),
    })
    .map(({ values, form, strange }) => {
      if (strange === 0) return [null, 7, "row", new Date(0), [], new Map()][values.length % 6];
      const entries = names.map((name, k) => [name, values[k]] as const);
      // Not an assignment: it would not make a property of `__proto__`.
      const plain = Object.fromEntries(entries);
      switch (form) {
        case "reversed":
          return Object.fromEntries(entries.toReversed());
        case "more":
          return Object.fromEntries([["extra", 1], ...entries, ["then", "no function"]]);
        case "fewer":
          return Object.fromEntries(entries.slice(1));
        case "array":
          return values;
        case "instance":
          return new Instance(plain);
        case "bare":
          return Object.assign(Object.create(null) as object, plain);
        case "promise":
          return Promise.resolve(plain);
        default:
          return plain;
      }
    });
}

const names = fc.uniqueArray(fc.constantFrom("a", "b", "c d", "constructor", "toString", "7", "è", "then"), {
  maxLength: 5,
});
function schemaOf(types: readonly DataType[]): fc.Arbitrary<StructType> {
  return names
    .chain((chosen) =>
      fc.tuple(...chosen.map((name) => fc.tuple(fc.constant(name), fc.constantFrom(...types), fc.boolean()))),
    )
    .map((fields) => structType(fields.map(([name, type, nullable]) => field(name, type, nullable))));
}

interface Step {
  readonly how: "map" | "filter" | "flatMap";
  readonly schema: StructType | undefined;
  /** What the closure returns, in turn. */
  readonly results: readonly unknown[];
}

const filters: fc.Arbitrary<Step> = fc
  .array(fc.constantFrom<unknown>(true, true, false, 1, Promise.resolve(true), Promise.resolve(false)), {
    minLength: 1,
  })
  .map((results) => ({ how: "filter", schema: undefined, results }));
const typed = schemaOf([...plainTypes, ...plainTypes, ...otherTypes]);
const maps: fc.Arbitrary<Step> = typed.chain((schema) =>
  fc.array(rowsGiven(schema), { minLength: 1, maxLength: 5 }).map((results): Step => ({ how: "map", schema, results })),
);
const flatMaps: fc.Arbitrary<Step> = typed.chain((schema) =>
  fc
    .array(
      fc
        .tuple(fc.array(rowsGiven(schema), { maxLength: 3 }), fc.constantFrom("array", "array", "set", "promise"))
        .map(([rows, form]) => (form === "array" ? rows : form === "set" ? new Set(rows) : Promise.resolve(rows))),
      { minLength: 1, maxLength: 5 },
    )
    .map((results): Step => ({ how: "flatMap", schema, results })),
);

const inputSchema = structType([
  field("s", stringType),
  field("n", bigintType),
  field("i", intType),
  field("d", doubleType),
  field("flag", booleanType),
  field("t", timestampType),
  field("list", arrayType(intType)),
]);
const inputRow = fc.tuple(
  fc.option(fc.constantFrom("view", "click", "è", "a longer text than others")),
  fc.option(fc.oneof(fc.maxSafeInteger().map(BigInt), fc.constantFrom(-1n, 0n))),
  fc.option(fc.integer()),
  fc.option(fc.double()),
  fc.option(fc.boolean()),
  fc.option(fc.constantFrom(0n, 1_700_000_000_000_000n)),
  fc.option(fc.array(fc.option(fc.integer()), { maxLength: 2 })),
);

interface Outcome {
  readonly rows?: readonly (readonly SqlValue[])[];
  readonly error?: unknown;
  /** By step: what its closure was given. */
  readonly seen: readonly unknown[][];
  /** By node: rows counted. */
  readonly counted: readonly unknown[];
}

async function outcome(
  steps: readonly Step[],
  input: PhysicalPlan,
  bigint: boolean,
  codegen: boolean,
): Promise<Outcome> {
  const seen: unknown[][] = steps.map(() => []);
  const nodes: number[] = [];
  let plan = input;
  for (const [s, { how, schema, results }] of steps.entries()) {
    let calls = 0;
    const closure = (row: Record<string, unknown>): unknown => {
      const look = { json: shown(row), keys: Reflect.ownKeys(row), prototype: Object.getPrototypeOf(row) as unknown };
      seen[s]!.push(look);
      // Changing what it was given changes nothing for others.
      for (const name of Object.keys(row)) {
        if (Array.isArray(row[name])) row[name].push(99);
        row[name] = "changed";
      }
      return results[calls++ % results.length];
    };
    const node: UserRowsExec = {
      kind: "UserRows",
      id: newId(),
      schema: schema ?? plan.schema,
      input: plan,
      plan: {
        kind: "UserRows",
        input: { kind: "Range", start: 0n, end: 0n, step: 1n },
        how,
        fn: { name: `step${s}`, closure: closure as never, deterministic: true },
        ...(schema === undefined ? {} : { schema }),
      } as UserRowsExec["plan"],
    };
    nodes.push(node.id);
    plan = node;
  }
  const counts = new Map<number, number>();
  const metrics = {
    rows: (node: number, rows: number) => void counts.set(node, (counts.get(node) ?? 0) + rows),
    state: () => {},
  };
  const counted = (): unknown[] => nodes.map((node) => counts.get(node) ?? 0);
  try {
    const rows: SqlValue[][] = [];
    const compiled = compilePlan(plan, { timeZone: "UTC", ansi: true, codegen, bigint });
    for (const partition of await compiled.execute(context({ metrics }))) {
      for await (const batch of partition) rows.push(...valuesOfBatch(batch));
    }
    return { rows, seen, counted: counted() };
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    return { error: { errorClass: error.errorClass, parameters: error.parameters }, seen, counted: [] };
  }
}

function shown(row: Record<string, unknown>): string {
  return JSON.stringify(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value,
      Object.is(value, -0) ? "-0" : typeof value === "object" && value !== null ? JSON.stringify(value) : String(value),
    ]),
  );
}

test("closures in one loop see and give what they see and give with columns between them", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(filters, maps, maps, flatMaps), { minLength: 1, maxLength: 4 }),
      fc.array(inputRow, { minLength: 1, maxLength: 6 }),
      fc.boolean(),
      async (steps, rows, bigint) => {
        let failed = false;
        for (const row of rows) {
          const input = table(inputSchema, [row]);
          const expected = await outcome(steps, input, bigint, false);
          const actual = await outcome(steps, input, bigint, true);
          failed ||= expected.error !== undefined;
          // Of the rows of a flatMap the first goes through all steps before the second is looked at: which of two
          // errors comes first differs, not whether one comes.
          if (expected.error === undefined) expect(actual).toEqual(expected);
          else if (steps.slice(0, -1).some((step) => step.how === "flatMap")) expect(actual.error).toBeDefined();
          else expect(actual.error).toEqual(expected.error);
        }
        if (failed) return;
        const half = rows.length >> 1;
        const whole = union(table(inputSchema, rows.slice(0, half)), table(inputSchema, rows.slice(half)));
        const expected = await outcome(steps, whole, bigint, false);
        const actual = await outcome(steps, whole, bigint, true);
        // Later rows take other turns, which may fail: at any of the steps.
        if (expected.error === undefined) expect(actual).toEqual(expected);
        else expect(actual.error).toBeDefined();
      },
    ),
    { numRuns: 400 },
  );
});

test("a flatMap of many rows gives batches of the usual size, with promises among its rows", async () => {
  const numbers = structType([field("n", intType)]);
  const flatMap = (input: PhysicalPlan, closure: (row: { n: number }) => unknown): UserRowsExec => ({
    kind: "UserRows",
    id: newId(),
    schema: numbers,
    input,
    plan: {
      kind: "UserRows",
      input: { kind: "Range", start: 0n, end: 0n, step: 1n },
      how: "flatMap",
      fn: { name: "many", closure: closure as never, deterministic: true },
      schema: numbers,
    },
  });
  const input = table(
    numbers,
    Array.from({ length: 40 }, (_, n) => [n]),
  );
  const many = flatMap(input, ({ n }) =>
    Array.from({ length: 1000 }, (_, k) => (k === n ? Promise.resolve({ n: k }) : { n: k })),
  );
  const twice = flatMap(many, ({ n }) => [{ n }, n % 100 === 7 ? Promise.resolve({ n: -n }) : { n: -n }]);
  const sizes: number[] = [];
  const values: SqlValue[] = [];
  const compiled = compilePlan(twice, { timeZone: "UTC", ansi: true, codegen: true, bigint: false });
  for (const partition of await compiled.execute(context())) {
    for await (const batch of partition) {
      sizes.push(batch.length);
      values.push(...valuesOfBatch(batch).flat());
    }
  }
  expect(sizes.every((size) => size < targetBatchRows + 2000)).toBe(true);
  expect(sizes.length).toBeGreaterThan(1);
  const expected = Array.from({ length: 40_000 }, (_, i) => [i % 1000, -(i % 1000)]).flat();
  expect(values.map((n) => Number(n) + 0)).toEqual(expected.map((n) => n + 0));
});

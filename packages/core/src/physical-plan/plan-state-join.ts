/** Plans the join of two streams: which rows must be kept for how long, and how partners are found among them. */
import { equiKeys } from "../analyzer/equi-keys.ts";
import { stateLimits, stateWatermarkMs, timeBounds } from "../analyzer/join-times.ts";
import { watermarkDelayMs } from "../analyzer/watermark-columns.ts";
import { MillraceError } from "../errors/index.ts";
import { joinConjunction, readsOnly } from "../expressions/conjunction.ts";
import type { Attribute, Expr } from "../expressions/expression.ts";
import { literal, nullableOf, typeOf } from "../expressions/typing.ts";
import type { Join, LogicalPlan } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import { isDeterministic } from "../optimizer/deterministic.ts";
import { dropsUnmatched, filtered } from "../optimizer/push-join-condition.ts";
import { bigintType, booleanType, type DataType, type SqlValue, structType } from "../types/data-type.ts";
import { bindExpression } from "./bind.ts";
import type { PhysicalPlan } from "./physical-plan.ts";
import { exchangeByKeys, type StatefulPlanner } from "./plan-stateful.ts";
import type { StateJoinExec, StateJoinSide, StateStoreDescription } from "./stateful.ts";

type SideName = "left" | "right";

interface Side {
  readonly name: SideName;
  readonly plan: LogicalPlan;
  readonly output: readonly Attribute[];
  readonly keys: readonly Expr[];
  readonly leaves: StateJoinSide["leaves"];
}

/**
 * @throws MillraceError UNSUPPORTED_STREAMING_OPERATION when the condition has no equality between the sides
 */
export function planStateJoin(
  plan: Join,
  schema: StateJoinExec["schema"],
  operatorId: number,
  planner: StatefulPlanner & { plan(plan: LogicalPlan): PhysicalPlan },
): StateJoinExec {
  const [leftOutput, rightOutput] = [outputOf(plan.left), outputOf(plan.right)];
  const { keys, rest } = equiKeys(plan.condition, leftOutput, rightOutput);
  if (keys.length === 0) {
    throw new MillraceError("UNSUPPORTED_STREAMING_OPERATION", {
      operation: "a stream-stream join without equality predicate",
    });
  }
  const pairs = keys.flatMap(({ left, right, nullSafe }) => (nullSafe ? nullSafeKeys(left, right) : [{ left, right }]));
  const timeKey = watermarkedPair(pairs);
  const leavesOf = (own: readonly Attribute[], other: readonly Attribute[]): StateJoinSide["leaves"] => {
    if (timeKey >= 0) return { kind: "byKey", key: timeKey };
    const watermarked = own.filter((column) => watermarkDelayMs(column) !== undefined);
    const limits = stateLimits(plan.condition, watermarked, other);
    return limits.length === 0 ? { kind: "never" } : { kind: "byTime", limits };
  };
  const sides: Readonly<Record<SideName, Side>> = {
    left: {
      name: "left",
      plan: plan.left,
      output: leftOutput,
      keys: pairs.map(({ left }) => left),
      leaves: leavesOf(leftOutput, rightOutput),
    },
    right: {
      name: "right",
      plan: plan.right,
      output: rightOutput,
      keys: pairs.map(({ right }) => right),
      leaves: leavesOf(rightOutput, leftOutput),
    },
  };
  const isOneSided = (term: Expr, { output }: Side): boolean => readsOnly(term, output) && isDeterministic(term);
  const both = rest.filter((term) => !isOneSided(term, sides.left) && !isOneSided(term, sides.right));
  const planned = (own: Side, other: Side) => {
    const terms = rest.filter((term) => isOneSided(term, own));
    return planSide(plan, own, other, { own: terms, both }, planner);
  };
  const left = planned(sides.left, sides.right);
  const right = planned(sides.right, sides.left);
  const condition = joinConjunction(both);
  const { statePartitions } = planner;
  return {
    kind: "StateJoin",
    id: planner.newId(),
    schema,
    left: exchangeByKeys(left.input, left.side.keys, statePartitions, planner),
    right: exchangeByKeys(right.input, right.side.keys, statePartitions, planner),
    joinType: plan.joinType,
    sides: { left: left.side, right: right.side },
    ...(condition === undefined ? {} : { condition: bindExpression(condition, [...leftOutput, ...rightOutput]) }),
    state: {
      operatorId,
      operatorName: "symmetricHashJoin",
      partitions: statePartitions,
      recordedPartitions: statePartitions,
      stores: [...storesOf(sides.left), ...storesOf(sides.right)],
      batchWithoutData:
        sides.left.leaves.kind === "never" && sides.right.leaves.kind === "never" ? "never" : "whenWatermarkMoves",
      outputDelayMs: Math.max(0, delayOf(sides.left.leaves), delayOf(sides.right.leaves)),
    },
  };
}

/** The first pair of keys of which one is a column with a watermark; −1: there is none. */
function watermarkedPair(pairs: readonly { readonly left: Expr; readonly right: Expr }[]): number {
  const has = (expr: Expr): boolean => expr.kind === "Attribute" && watermarkDelayMs(expr) !== undefined;
  const left = pairs.findIndex((pair) => has(pair.left));
  return left >= 0 ? left : pairs.findIndex((pair) => has(pair.right));
}

/** How far the rows of a side that come out may lie behind the watermark, ms. */
function delayOf(leaves: StateJoinSide["leaves"]): number {
  // Any watermark will do: the limit is at a constant distance from it.
  const someMs = 2 ** 40;
  return leaves.kind === "byTime" ? someMs - stateWatermarkMs(leaves.limits, someMs) : 0;
}

function storesOf({ name, keys, output }: Side): readonly StateStoreDescription[] {
  const key = keys.map((expr, i) => ({ name: `field${i}`, type: typeOf(expr), nullable: true }));
  const row = output.map((column) => ({ name: column.name, type: column.type, nullable: column.nullable }));
  return [
    {
      name: `${name}-keyToNumValues`,
      key: structType(key),
      value: structType([{ name: "value", type: bigintType, nullable: true }]),
      prefixColumns: 0,
    },
    {
      name: `${name}-keyWithIndexToValue`,
      key: structType([...key, { name: "index", type: bigintType, nullable: true }]),
      value: structType([...row, { name: "matched", type: booleanType, nullable: true }]),
      prefixColumns: 0,
    },
  ];
}

function planSide(
  join: Join,
  own: Side,
  other: Side,
  terms: { readonly own: readonly Expr[]; readonly both: readonly Expr[] },
  planner: StatefulPlanner & { plan(plan: LogicalPlan): PhysicalPlan },
): { readonly input: PhysicalPlan; readonly side: StateJoinSide } {
  const { output } = own;
  const input = planner.plan(dropsUnmatched(join, own.name) ? withoutNulls(own, terms.both) : own.plan);
  const ordinals: number[] = [];
  const computed: Expr[] = [];
  for (const key of own.keys) {
    const at = key.kind === "Attribute" ? output.findIndex(({ id }) => id === key.id) : -1;
    ordinals.push(at >= 0 ? at : output.length + computed.push(bindExpression(key, output)) - 1);
  }
  const eventTime = output.findIndex((column) => watermarkDelayMs(column) !== undefined);
  const bounds = timeBounds(terms.both, output, other.output);
  const time =
    own.leaves.kind === "byTime" ? output[eventTime]! : (bounds.find(({ column }) => isInstant(column)) ?? {}).column;
  const condition = joinConjunction(terms.own);
  return {
    input: computed.length === 0 ? input : withColumns(input, computed, planner),
    side: {
      columns: output.length,
      keys: ordinals,
      ...(condition === undefined ? {} : { condition: bindExpression(condition, output) }),
      ...(eventTime < 0 ? {} : { eventTime }),
      ...(time === undefined ? {} : { time: output.findIndex(({ id }) => id === time.id) }),
      bounds: bounds
        .filter(({ column }) => column.id === time?.id)
        .map(({ kind, by, micros, slack }) => ({
          kind,
          by: bindExpression(by, other.output),
          micros: kind === "lower" ? micros - slack : micros + slack,
        })),
      leaves: own.leaves,
    },
  };
}

function isInstant({ type }: Attribute): boolean {
  return type.kind === "timestamp" || type.kind === "timestamp_ntz";
}

/** Rows of a side without the ones that fulfil no comparison, because of a NULL: they need not be kept. */
function withoutNulls({ plan, keys, output }: Side, terms: readonly Expr[]): LogicalPlan {
  const compared = terms.flatMap((term) =>
    term.kind === "Call" && ["=", "<", "<=", ">", ">="].includes(term.fn) ? term.args : [],
  );
  const columns = new Set([...keys, ...compared].flatMap(nullsOf));
  const wanted = output.filter((column) => column.nullable && columns.has(column.id));
  return filtered(
    plan,
    wanted.map((column) => ({
      kind: "Call",
      fn: "isnotnull",
      args: [column],
      type: booleanType,
      nullable: false,
      ansi: true,
    })),
  );
}

/** Columns whose NULL makes an expression NULL: those of sums and casts. */
function nullsOf(expr: Expr): Attribute["id"][] {
  if (expr.kind === "Attribute") return [expr.id];
  if (expr.kind === "Cast") return nullsOf(expr.child);
  if (expr.kind === "Call" && (expr.fn === "+" || expr.fn === "-")) return expr.args.flatMap(nullsOf);
  return [];
}

/** The columns of a plan, and behind them computed ones. */
function withColumns(input: PhysicalPlan, computed: readonly Expr[], planner: StatefulPlanner): PhysicalPlan {
  const { fields } = input.schema;
  const schema = structType([
    ...fields,
    ...computed.map((expr, i) => ({ name: `key ${i}`, type: typeOf(expr), nullable: nullableOf(expr) })),
  ]);
  const expressions = fields.map(({ type, nullable }, ordinal): Expr => ({
    kind: "BoundReference",
    ordinal,
    type,
    nullable,
  }));
  const step = { kind: "project", expressions: [...expressions, ...computed], schema } as const;
  return { kind: "Pipeline", id: planner.newId(), schema, input, steps: [step] };
}

/** `<=>` as two keys that are never NULL, as Spark has them: the value or a default, and whether it is NULL. */
function nullSafeKeys(left: Expr, right: Expr): { readonly left: Expr; readonly right: Expr }[] {
  const value = (expr: Expr): Expr => {
    const type = typeOf(expr);
    const args = [expr, literal(defaultOf(type), type)];
    return { kind: "Call", fn: "coalesce", args, type, nullable: false, ansi: true };
  };
  const isNull = (expr: Expr): Expr => ({
    kind: "Call",
    fn: "isnull",
    args: [expr],
    type: booleanType,
    nullable: false,
    ansi: true,
  });
  return [
    { left: value(left), right: value(right) },
    { left: isNull(left), right: isNull(right) },
  ];
}

/** Spark's `Literal.default`. */
function defaultOf(type: DataType): SqlValue {
  switch (type.kind) {
    case "null":
      return null;
    case "boolean":
      return false;
    case "string":
      return "";
    case "binary":
      return new Uint8Array(0);
    case "array":
      return [];
    case "map":
      return { keys: [], values: [] };
    case "struct":
      return type.fields.map((field) => defaultOf(field.type));
    case "variant":
      throw new MillraceError("UNSUPPORTED_STREAMING_OPERATION", {
        operation: "a stream-stream join on a VARIANT",
      });
    case "bigint":
    case "timestamp":
    case "timestamp_ntz":
    case "time":
    case "interval_day_time":
    case "decimal":
      return 0n;
    default:
      return 0;
  }
}

/** Source that adds one row to the aggregates of a group. */
import { assertInvariant } from "../errors/index.ts";
import { typeOf } from "../expressions/typing.ts";
import { both, either, js, joinCode, negated, number } from "../functions/code.ts";
import type { Code, Emitted } from "../functions/emitter.ts";
import type { AggregatePlan } from "./aggregate-plan.ts";
import { sumOverflow } from "./aggregate-stores.ts";
import { exactLimit, exactOf } from "../functions/exact-decimal.ts";
import { toDouble, toInt64 } from "./emit-int64.ts";
import type { FunctionEmitter } from "./emit-context.ts";
import type { ExpressionEmitter, RowScope } from "./emit-expression.ts";

/** The arrays of an aggregate's store, as variables. */
export interface StoreCode {
  readonly store: Code;
  /** `values`, or the sums of an average. */
  readonly values: Code;
  /** `seen`, or the counts of an average. */
  readonly seen: Code;
}

/**
 * Looks up the arrays of a store. To be called before any group is searched for.
 * @param variable makes a variable that is looked up again when the stores have grown
 */
export function storeCode(plan: AggregatePlan, store: Code, variable: (value: Code) => Code): StoreCode {
  switch (plan.fast?.op) {
    case undefined:
      return { store, values: js.null, seen: js.null };
    case "count":
      return { store, values: variable(js`${store}.values`), seen: js.null };
    case "avg":
    case "avgShortDecimal":
      return { store, values: variable(js`${store}.sums`), seen: variable(js`${store}.counts`) };
    case "sumDecimal":
      return { store, values: variable(js`${store}.sums.near`), seen: variable(js`${store}.seen`) };
    case "avgDecimal":
      return { store, values: variable(js`${store}.sums.near`), seen: variable(js`${store}.counts`) };
    default:
      return { store, values: variable(js`${store}.values`), seen: variable(js`${store}.seen`) };
  }
}

/** Emits the update of one aggregate by the current row. */
export function emitUpdate(
  plan: AggregatePlan,
  out: FunctionEmitter,
  expressions: ExpressionEmitter,
  row: RowScope,
  group: Code,
  store: StoreCode,
): void {
  const { call, fast } = plan;
  const update = (): void => {
    const args = call.args.map((arg) => expressions.emit(arg, row));
    if (fast === undefined) {
      const boxed = args.map((arg, i) => out.box(arg, typeOf(call.args[i]!)));
      const values = out.bind(call.args.map(() => null));
      const stores = boxed.map((code, i) => js`${values}[${number(i)}] = ${code};`);
      out.line(js`${joinCode(stores, " ")} ${store.store}.accumulators.update(${group}, ${values});`);
      return;
    }
    const missing = args.reduce<Code>((code, arg) => either(code, arg.isNull), js.false);
    if (missing === js.true) return;
    const add = (): void => emitFast(plan, out, args, group, store);
    if (missing === js.false) add();
    else out.branch(negated(missing), add);
  };
  if (call.filter === undefined) {
    update();
    return;
  }
  const condition = expressions.emit(call.filter, row);
  assertInvariant(condition.shape === "fixed", "a filter is boolean");
  out.branch(both(negated(condition.isNull), condition.value), update);
}

function emitFast(
  plan: AggregatePlan,
  out: FunctionEmitter,
  args: readonly Emitted[],
  group: Code,
  { store, values, seen }: StoreCode,
): void {
  const fast = plan.fast!;
  if (fast.op === "count") {
    out.line(js`${values}[${group}]++;`);
    return;
  }
  const arg = args[0]!;
  assertInvariant(arg.shape === "fixed" || arg.shape === "boxed", "a fast aggregate takes single values");
  const type = typeOf(plan.call.args[0]!);
  const { value } = arg;
  switch (fast.op) {
    case "sumLong":
    case "sumShortDecimal": {
      const addend = type.kind === "bigint" || type.kind === "decimal" ? value : toInt64(value, out);
      if (fast.op === "sumLong" ? fast.checked : fast.ansi) {
        const [exact, sum] = [out.fresh("t"), out.fresh("t")];
        out.line(js`const ${exact} = ${values}[${group}] + ${addend};`);
        out.line(js`const ${sum} = BigInt.asIntN(64, ${exact});`);
        out.line(js`if (${sum} !== ${exact}) ${out.bind(sumOverflow)}();`);
        out.line(js`${values}[${group}] = ${sum}; ${seen}[${group}] = 1;`);
      } else {
        out.line(js`${values}[${group}] = BigInt.asIntN(64, ${values}[${group}] + ${addend}); ${seen}[${group}] = 1;`);
      }
      return;
    }
    case "sumDouble": {
      out.line(js`${values}[${group}] += ${value}; ${seen}[${group}] = 1;`);
      return;
    }
    case "avg": {
      const addend = type.kind === "bigint" ? toDouble(value, out) : value;
      out.line(js`${values}[${group}] += ${addend}; ${seen}[${group}]++;`);
      return;
    }
    case "sumDecimal":
    case "avgDecimal": {
      emitDecimalSum(out, arg, group, store, values);
      out.line(fast.op === "sumDecimal" ? js`${seen}[${group}] = 1;` : js`${seen}[${group}]++;`);
      return;
    }
    case "avgShortDecimal": {
      const digits = exactOf(arg, type, out)?.number ?? js`Number(${value})`;
      out.line(js`${values}[${group}] += ${digits}; ${seen}[${group}]++;`);
      return;
    }
    case "min":
    case "max": {
      const kept = js`${values}[${group}]`;
      const floating = fast.kind === "f32" || fast.kind === "f64";
      const ordered = fast.op === "max" ? js`${value} > ${kept}` : js`${value} < ${kept}`;
      const unordered = fast.op === "max" ? js`${value} !== ${value}` : js`${kept} !== ${kept}`;
      const better = floating ? js`${ordered} || ${unordered}` : ordered;
      out.line(js`if (${seen}[${group}] === 0 || ${better}) ${kept} = ${value};`);
      out.line(js`${seen}[${group}] = 1;`);
      return;
    }
  }
}

/** Adds to the double while it stays exact; NaN fails the comparison too, so that one check covers both. */
function emitDecimalSum(out: FunctionEmitter, arg: Emitted, group: Code, store: Code, values: Code): void {
  assertInvariant(arg.shape === "boxed", "a decimal is a single value");
  if (arg.exact === undefined) {
    out.line(js`${store}.sums.add(${group}, ${arg.value});`);
    return;
  }
  const sum = out.fresh("t");
  const limit = number(exactLimit);
  out.line(js`const ${sum} = ${values}[${group}] + ${arg.exact.number};`);
  out.line(js`if (${sum} < ${limit} && ${sum} > -${limit}) ${values}[${group}] = ${sum};`);
  out.line(js`else ${store}.sums.carry(${group}, ${arg.value});`);
}

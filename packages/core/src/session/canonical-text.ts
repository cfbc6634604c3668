import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { printPlan } from "../logical-plan/print.ts";
import { planNodes } from "../logical-plan/traverse.ts";

/** Numbers for what a plan holds besides texts: rows in memory, functions, sources. */
const numbers = new WeakMap<object, number>();
let next = 0;
function numberOf(value: object): number {
  let found = numbers.get(value);
  if (found === undefined) numbers.set(value, (found = next++));
  return found;
}

/** An optimized plan as text, with columns numbered in the order of their appearance and without the names given to results. */
export function canonicalText(plan: LogicalPlan): string {
  const held: number[] = [];
  for (const node of planNodes(plan)) {
    if (node.kind === "LocalScan") held.push(numberOf(node.batch));
    if (node.kind === "ResolvedUserRows" || node.kind === "ResolvedKeyedGroups") held.push(numberOf(node.plan.fn));
    if (node.kind === "ResolvedStatefulGroups") held.push(numberOf(node.plan.work.fn));
    if (node.kind === "Scan") {
      if (typeof node.read.provider === "object" && node.read.provider !== null)
        held.push(numberOf(node.read.provider));
    }
  }
  const ids = new Map<string, number>();
  const text = printPlan(plan).replaceAll(/ AS [^,\]]*?#(\d+)|#(\d+)/g, (_match, defined?: string, used?: string) => {
    const id = defined ?? used!;
    if (!ids.has(id)) ids.set(id, ids.size);
    return `#${ids.get(id)}`;
  });
  return `${text}\n${held.join(",")}`;
}

/** A fragment of a plan as it is sent to threads: build sides cut off, user functions without their closures. */
import type { UserFunction } from "../../expressions/expression.ts";
import { joinSides } from "../../physical-plan/parallelize.ts";
import type { PhysicalPlan, RangeExec, ScanExec } from "../../physical-plan/physical-plan.ts";

export interface Fragment {
  readonly plan: PhysicalPlan;
  readonly leaf: ScanExec | RangeExec;
  /** Plans of the build sides, by the index of their FragmentInput. */
  readonly inputs: readonly PhysicalPlan[];
}

export function cutFragment(plan: PhysicalPlan): Fragment {
  const inputs: PhysicalPlan[] = [];
  let leaf: ScanExec | RangeExec | undefined;
  const cut = (node: PhysicalPlan): PhysicalPlan => {
    switch (node.kind) {
      case "Scan":
      case "Range":
        leaf = node;
        return node;
      case "Pipeline":
      case "PartialAggregate":
      case "EventTimeWatermark":
      case "Sort":
        return { ...node, input: cut(node.input) };
      case "HashJoin": {
        const { build, probe } = joinSides(node);
        const input: PhysicalPlan = {
          kind: "FragmentInput",
          id: build.id,
          schema: build.schema,
          index: inputs.push(build) - 1,
        };
        return node.buildSide === "left"
          ? { ...node, left: input, right: cut(probe) }
          : { ...node, left: cut(probe), right: input };
      }
      default:
        return node;
    }
  };
  const fragment = cut(plan);
  return { plan: withoutClosures(fragment), leaf: leaf!, inputs };
}

const isPlain = (value: object): boolean => Object.getPrototypeOf(value) === Object.prototype;

function isUserFunction(value: object): value is UserFunction {
  return "closure" in value && "module" in value;
}

/** A copy in which functions are named by their module only. */
function withoutClosures<T>(value: T): T {
  if (Array.isArray(value)) return value.map(withoutClosures) as T;
  if (typeof value !== "object" || value === null || !isPlain(value)) return value;
  const copy: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    if (isUserFunction(value) && typeof member === "function") continue;
    copy[key] = withoutClosures(member);
  }
  return copy as T;
}

/** Loads the functions that a fragment names; `load` gives what a module exports. */
export async function withClosures<T>(
  value: T,
  load: (fn: UserFunction) => Promise<UserFunction["closure"]>,
): Promise<T> {
  if (Array.isArray(value)) return (await Promise.all(value.map((each) => withClosures(each, load)))) as T;
  if (typeof value !== "object" || value === null || !isPlain(value)) return value;
  const copy: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) copy[key] = await withClosures(member, load);
  if ("module" in copy && "deterministic" in copy) copy["closure"] = await load(copy as unknown as UserFunction);
  return copy as T;
}

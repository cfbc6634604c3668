import { expect, test } from "vitest";
import type { PhysicalPlan } from "../physical-plan/physical-plan.ts";
import type { OperatorState } from "../physical-plan/stateful.ts";
import { inputWatermarks, needsBatchWithoutData, statefulOperatorsOf } from "./stateful-operators.ts";
import { eventSchema } from "./streaming.test-support.ts";

const leaf: PhysicalPlan = { kind: "FragmentInput", id: 0, schema: eventSchema, index: 0 };
const marked = (input: PhysicalPlan): PhysicalPlan => ({
  kind: "EventTimeWatermark",
  id: 0,
  schema: eventSchema,
  input,
  ordinal: 1,
  delayMicros: 0n,
  node: 0,
});
const stateful = (operatorId: number, input: PhysicalPlan, about: Partial<OperatorState> = {}): PhysicalPlan => ({
  kind: "StateLimit",
  id: 0,
  schema: eventSchema,
  input,
  limit: 1,
  state: {
    operatorId,
    operatorName: "globalLimit",
    partitions: 1,
    recordedPartitions: 1,
    stores: [],
    batchWithoutData: "never",
    outputDelayMs: 0,
    ...about,
  },
});
const union = (...inputs: readonly PhysicalPlan[]): PhysicalPlan => ({
  kind: "Union",
  id: 0,
  schema: eventSchema,
  inputs,
});
const watermarks = (plan: PhysicalPlan, ms: number): [number, number][] =>
  [...inputWatermarks(plan, ms)].sort(([a], [b]) => a - b);

test("operators are listed from the sink upwards", () => {
  const plan = stateful(0, union(stateful(1, leaf), stateful(2, leaf)));
  expect(statefulOperatorsOf(plan).map(({ operatorId }) => operatorId)).toEqual([0, 1, 2]);
});

test("the watermark flows from its node through the operators; the least of the inputs goes on", () => {
  expect(watermarks(stateful(0, stateful(1, marked(leaf))), 7)).toEqual([
    [0, 7],
    [1, 7],
  ]);
  const delayed = stateful(1, marked(leaf), { outputDelayMs: 5 });
  expect(watermarks(stateful(0, union(delayed, marked(leaf))), 7)).toEqual([
    [0, 2],
    [1, 7],
  ]);
  // An input without a watermark does not hold the others back; below 0 nothing is late.
  expect(watermarks(stateful(0, union(leaf, delayed)), 3)).toEqual([
    [0, 0],
    [1, 3],
  ]);
  expect(watermarks(stateful(0, leaf), 7)).toEqual([[0, 0]]);
  const silent = stateful(1, marked(leaf), { outputDelayMs: null });
  expect(watermarks(stateful(0, silent), 7)).toEqual([
    [0, 0],
    [1, 7],
  ]);
});

test("a batch without data is due when one operator needs it", () => {
  const moving = { batchWithoutData: "whenWatermarkMoves" } as const;
  expect(needsBatchWithoutData(stateful(0, marked(leaf)), 1, 2, false)).toBe(false);
  expect(needsBatchWithoutData(stateful(0, stateful(1, marked(leaf), moving)), 1, 2, false)).toBe(true);
  expect(needsBatchWithoutData(stateful(0, stateful(1, marked(leaf), moving)), 2, 2, false)).toBe(false);
  const afterDelay = stateful(0, stateful(1, marked(leaf), { outputDelayMs: 5 }), moving);
  expect(needsBatchWithoutData(afterDelay, 0, 5, false)).toBe(false);
  expect(needsBatchWithoutData(afterDelay, 0, 6, false)).toBe(true);
  const timed = stateful(0, leaf, { batchWithoutData: "whenDue" });
  expect([true, false].map((isDue) => needsBatchWithoutData(timed, 2, 2, isDue))).toEqual([true, false]);
  expect(needsBatchWithoutData(stateful(0, marked(leaf)), 1, 2, true)).toBe(false);
});

/** What a row's result depends on beside its values: its partition, and random numbers drawn row by row. */
import { bigintType, booleanType, doubleType, intType } from "../../types/data-type.ts";
import type { EvalContext, FunctionDoc, ScalarFunction } from "../function.ts";
import { javaRandomLong, poissonRandom, xorShiftRandom } from "../kernels/random.ts";

const doc = (usage: string, summary: string): FunctionDoc => ({ group: "Internal", usage, summary, examples: [] });

/** Without replacement, each partition draws from a generator of its own. */
function seedOf(seed: bigint, context: EvalContext): bigint {
  return BigInt.asIntN(64, seed + BigInt(context.partition ?? 0));
}

const partitionId: ScalarFunction = {
  name: "spark_partition_id",
  since: "0.2.0",
  arity: [0, 0],
  resolve: () => ({ args: [], returns: intType }),
  nulls: "custom",
  canReturnNull: false,
  deterministic: false,
  bind: (_signature, context) => {
    const partition = context.partition ?? 0;
    return () => partition;
  },
  doc: {
    group: "Session",
    usage: "spark_partition_id()",
    summary: "Number of the partition that the row is in, from 0.",
    examples: [{ sql: "spark_partition_id()", result: "0" }],
  },
};

const bernoulliSample: ScalarFunction = {
  name: "bernoulli_sample",
  since: "0.2.0",
  arity: [3, 3],
  resolve: () => ({ args: [doubleType, doubleType, bigintType], returns: booleanType }),
  nulls: "custom",
  canReturnNull: false,
  deterministic: false,
  bind: (_signature, context, args) => {
    const [lower, upper, seed] = args.map((arg) => arg.literal?.value) as [number, number, bigint];
    const next = xorShiftRandom(seedOf(seed, context));
    // An empty range draws no number.
    return () => {
      if (upper - lower <= 0) return false;
      const drawn = next();
      return drawn >= lower && drawn < upper;
    };
  },
  doc: doc("bernoulli_sample(lower, upper, seed)", "Whether the row's random number lies in [lower, upper)."),
};

const poissonSample: ScalarFunction = {
  name: "poisson_sample",
  since: "0.2.0",
  arity: [2, 2],
  resolve: () => ({ args: [doubleType, bigintType], returns: bigintType }),
  nulls: "custom",
  canReturnNull: false,
  deterministic: false,
  bind: (_signature, context, args) => {
    const [mean, seed] = args.map((arg) => arg.literal?.value) as [number, bigint];
    if (mean <= 0) return () => 0n;
    const next = poissonRandom(mean, javaRandomLong(seed, context.partition ?? 0));
    return () => BigInt(next());
  },
  doc: doc("poisson_sample(mean, seed)", "How often the row is taken into a sample with replacement."),
};

export const sampling: readonly ScalarFunction[] = [partitionId, bernoulliSample, poissonSample];

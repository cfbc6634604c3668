/** All functions by name. A new function is one record in a family's array. */
import { assertInvariant } from "../errors/index.ts";
import { approxCountDistinct } from "./aggregates/approx-count-distinct.ts";
import { collections } from "./aggregates/collect.ts";
import { counts } from "./aggregates/count.ts";
import { frequentItems } from "./aggregates/frequent-items.ts";
import { extremes, positionals } from "./aggregates/extremes.ts";
import { bitAggregates } from "./aggregates/bits.ts";
import { exactPercentiles } from "./aggregates/exact-percentiles.ts";
import { histogramNumeric } from "./aggregates/histogram.ts";
import { listagg } from "./aggregates/listagg.ts";
import { pairs } from "./aggregates/pairs.ts";
import { moments } from "./aggregates/moments.ts";
import { percentiles } from "./aggregates/percentiles.ts";
import { sums } from "./aggregates/sum.ts";
import { schemaOfVariantAgg } from "./aggregates/schema-of-variant.ts";
import { generatorFunctions } from "./generators.ts";
import type { AggregateFunction, GeneratorFunction, ScalarFunction, WindowFunction } from "./function.ts";
import { arithmetic } from "./scalar/arithmetic.ts";
import { bits } from "./scalar/bits.ts";
import { castFunctions } from "./scalar/cast-functions.ts";
import { ciphers } from "./scalar/ciphers.ts";
import { collectionFunctions } from "./scalar/collections.ts";
import { comparison } from "./scalar/comparison.ts";
import { conditional } from "./scalar/conditional.ts";
import { csv } from "./scalar/csv.ts";
import { datetime } from "./scalar/datetime.ts";
import { extractFunctions } from "./scalar/datetime-extract.ts";
import { datetimeFields } from "./scalar/datetime-fields.ts";
import { datetimeMakers } from "./scalar/datetime-make.ts";
import { datetimeSteps } from "./scalar/datetime-steps.ts";
import { encodings } from "./scalar/encodings.ts";
import { hashes } from "./scalar/hashes.ts";
import { internal } from "./scalar/internal.ts";
import { jsonPaths } from "./scalar/json-paths.ts";
import { jsonSchema } from "./scalar/json-schema.ts";
import { json } from "./scalar/json.ts";
import { arrayFunctions } from "./scalar/arrays.ts";
import { mapFunctions } from "./scalar/maps.ts";
import { mathFunctions } from "./scalar/math-functions.ts";
import { randomFunctions } from "./scalar/random.ts";
import { sequence } from "./scalar/sequence.ts";
import { structFunctions } from "./scalar/structs.ts";
import { higherOrder } from "./scalar/lambdas.ts";
import { logic } from "./scalar/logic.ts";
import { math } from "./scalar/math.ts";
import { patterns } from "./scalar/patterns.ts";
import { sampling } from "./scalar/sampling.ts";
import { session } from "./scalar/session.ts";
import { timeBucket } from "./scalar/time-bucket.ts";
import { timeFunctions } from "./scalar/time.ts";
import { variantEditing } from "./scalar/variant-editing.ts";
import { variantFunctions } from "./scalar/variant.ts";
import { variantGenerators } from "./variant-explode.ts";
import { vectorFunctions } from "./scalar/vectors.ts";
import { signs } from "./scalar/sign.ts";
import { textFormat } from "./scalar/text-format.ts";
import { textEdits } from "./scalar/text-edits.ts";
import { textSearch } from "./scalar/text-search.ts";
import { strings } from "./scalar/strings.ts";
import { urls } from "./scalar/urls.ts";
import { neighbours } from "./windows/neighbours.ts";
import { rankings } from "./windows/ranking.ts";

const scalars: readonly ScalarFunction[] = [
  ...internal,
  ...arithmetic,
  ...signs,
  ...comparison,
  ...logic,
  ...conditional,
  ...strings,
  ...textEdits,
  ...textSearch,
  ...encodings,
  ...patterns,
  ...urls,
  ...hashes,
  ...ciphers,
  ...bits,
  ...datetime,
  ...datetimeFields,
  ...datetimeMakers,
  ...datetimeSteps,
  ...extractFunctions,
  ...timeFunctions,
  timeBucket,
  ...variantFunctions,
  ...variantEditing,
  ...vectorFunctions,
  ...math,
  ...json,
  ...collectionFunctions,
  ...arrayFunctions,
  sequence,
  ...mapFunctions,
  ...structFunctions,
  ...higherOrder,
  ...textFormat,
  ...castFunctions,
  ...randomFunctions,
  ...mathFunctions,
  ...jsonPaths,
  ...jsonSchema,
  ...csv,
  ...session,
  ...sampling,
];
const aggregates: readonly AggregateFunction[] = [
  ...counts,
  ...sums,
  ...extremes,
  ...positionals,
  ...collections,
  ...percentiles,
  ...exactPercentiles,
  ...moments,
  ...pairs,
  ...bitAggregates,
  listagg,
  histogramNumeric,
  approxCountDistinct,
  schemaOfVariantAgg,
  frequentItems,
];
const generators: readonly GeneratorFunction[] = [...generatorFunctions, ...variantGenerators];
const windows: readonly WindowFunction[] = [...rankings, ...neighbours];

interface Named {
  readonly name: string;
  readonly aliases?: readonly string[];
}
function byName<F extends Named>(functions: readonly F[]): ReadonlyMap<string, F> {
  const table = new Map<string, F>();
  for (const fn of functions)
    for (const name of [fn.name, ...(fn.aliases ?? [])]) {
      assertInvariant(!table.has(name.toLowerCase()), `two functions are named ${name}`);
      table.set(name.toLowerCase(), fn);
    }
  return table;
}

export interface FunctionRegistry {
  /** By name or alias, in any case. */
  scalar(name: string): ScalarFunction | undefined;
  aggregate(name: string): AggregateFunction | undefined;
  generator(name: string): GeneratorFunction | undefined;
  window(name: string): WindowFunction | undefined;
  allFunctions(): readonly (ScalarFunction | AggregateFunction | GeneratorFunction | WindowFunction)[];
}

const scalarTable = byName(scalars);
const aggregateTable = byName(aggregates);
const generatorTable = byName(generators);
const windowTable = byName(windows);
const all = [...scalars, ...aggregates, ...generators, ...windows];

export const functionRegistry: FunctionRegistry = {
  scalar: (name) => scalarTable.get(name.toLowerCase()),
  aggregate: (name) => aggregateTable.get(name.toLowerCase()),
  generator: (name) => generatorTable.get(name.toLowerCase()),
  window: (name) => windowTable.get(name.toLowerCase()),
  allFunctions: () => all,
};

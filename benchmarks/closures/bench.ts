/** map + filter + group by with closures over JSON files, against the same job written by hand. */
import { compare } from "../compare.ts";
import type { BenchOptions, Measure } from "../measure.ts";
import { generateYsb } from "../ysb/generate.ts";

export async function* closures(options: BenchOptions): AsyncGenerator<Measure> {
  const total = options.smoke ? 80_000 : 4_000_000;
  yield* compare(options, {
    name: "closures",
    records: total,
    job: new URL("./millrace-job.ts", import.meta.url),
    parameters: [generateYsb(total, { log: options.log }).events],
    byHand: new URL("./handwritten-job.ts", import.meta.url),
  });
}

/** The two engines that a file of tests compares. */
import { afterAll, inject } from "vitest";
import { MillraceEngine } from "./plans.ts";
import { SparkEngine } from "./spark-engine.ts";

export interface Engines {
  readonly Millrace: MillraceEngine;
  readonly Spark: SparkEngine;
}

/** Engines for a file of tests, which end after the last of its tests. */
export async function useEngines(): Promise<Engines> {
  const engines = { Millrace: await MillraceEngine.start(), Spark: new SparkEngine(inject("sparkSocket")) };
  afterAll(async () => {
    await engines.Millrace[Symbol.asyncDispose]();
    engines.Spark[Symbol.dispose]();
  });
  return engines;
}

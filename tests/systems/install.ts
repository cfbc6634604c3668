/** Installs what several suites need before they start beside each other, and starts the Spark that they share. */
import type { TestProject } from "vitest/node";
import { duckdbPython, sparkPython } from "../../scripts/python-environments.ts";
import { SparkProcess } from "./spark/spark-process.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** Where {@link SparkProcess} listens. */
    sparkSocket: string;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const log = (line: string): void => void process.stdout.write(`${line}\n`);
  sparkPython(log);
  duckdbPython(log);
  const spark = await SparkProcess.start();
  project.provide("sparkSocket", spark.socket);
  return () => spark[Symbol.asyncDispose]();
}

/** The memory of one run of a plan, and the files for what does not fit. */
import type { Runtime } from "../../runtime/runtime.ts";
import { MemoryBudget } from "./memory-budget.ts";
import { type SpillManager, TemporaryFiles } from "./spill.ts";

/** What operators keep rows with: held in `budget`, written by `spill`. */
export interface OperatorMemory {
  readonly budget: MemoryBudget;
  readonly spill: SpillManager;
}

export interface MemorySettings {
  readonly limitBytes: number;
  /** Parent of the directory of temporary files. */
  readonly directory: string;
}

const units: Readonly<Record<string, number>> = { "": 1, b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** Bytes of a size such as `512m`, `4g` or `1000`; undefined when it is none. */
export function parseByteSize(text: string): number | undefined {
  const match = /^\s*(\d+)\s*([bkmgt]?)(?:i?b)?\s*$/i.exec(text);
  const size = match === null ? 0 : Number(match[1]) * units[match[2]!.toLowerCase()]!;
  return size >= 1 && Number.isSafeInteger(size) ? size : undefined;
}

/** `millrace.memory.limit` and `spark.local.dir`; by default half of the machine's memory and its temporary directory. */
export function memorySettings(conf: (key: string) => string | undefined, runtime: Runtime): MemorySettings {
  const limit = conf("millrace.memory.limit");
  return {
    limitBytes:
      (limit === undefined ? undefined : parseByteSize(limit)) ?? Math.floor(runtime.process.memoryTotalBytes / 2),
    directory: conf("spark.local.dir") ?? runtime.process.temporaryDirectory,
  };
}

/** Memory for one run; whoever runs the plan closes `spill` at its end. */
export function openOperatorMemory(runtime: Runtime, settings: MemorySettings): OperatorMemory {
  return {
    budget: new MemoryBudget(settings.limitBytes),
    spill: new TemporaryFiles(runtime, settings.directory),
  };
}

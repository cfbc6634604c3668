/**
 * The evaluation context of a compiled plan, whose clock and seed change from batch to batch while the compiled code
 * stays. A function that reads them per row sees the batch's values; reading them while it is being compiled is
 * noticed, and code that did so is compiled again for each batch.
 */
import type { EvalContext } from "../functions/function.ts";

export class BatchEvalContext implements EvalContext {
  readonly timeZone: string;
  readonly ansi: boolean;
  readonly lastMapKeyWins: boolean;
  #nowMicros = 0n;
  #seed = 0n;
  #reads = 0;
  /** Partition that code is being compiled for; part of the seed. */
  partition = 0;

  constructor(timeZone: string, ansi: boolean, lastMapKeyWins = false) {
    this.timeZone = timeZone;
    this.ansi = ansi;
    this.lastMapKeyWins = lastMapKeyWins;
  }

  get nowMicros(): bigint {
    this.#reads++;
    return this.#nowMicros;
  }

  get seed(): bigint {
    this.#reads++;
    return BigInt.asIntN(64, this.#seed + BigInt(this.partition));
  }

  start(batch: { readonly nowMicros: bigint; readonly seed: bigint }): void {
    this.#nowMicros = batch.nowMicros;
    this.#seed = batch.seed;
  }

  /** Runs `compile` and says whether what it made depends on the batch. */
  observe<T>(compile: () => T): { readonly made: T; readonly batchDependent: boolean } {
    const before = this.#reads;
    const made = compile();
    return { made, batchDependent: this.#reads !== before };
  }
}

/** The same context with the ANSI flag of one call; clock and seed stay live. */
export function withAnsi(context: EvalContext, ansi: boolean): EvalContext {
  if (context.ansi === ansi) return context;
  return {
    timeZone: context.timeZone,
    ansi,
    lastMapKeyWins: context.lastMapKeyWins === true,
    get nowMicros() {
      return context.nowMicros;
    },
    get seed() {
      return context.seed;
    },
    get partition() {
      return context.partition ?? 0;
    },
  };
}

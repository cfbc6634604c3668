import { adapterMutants } from "./adapter-mutants.ts";
import { fsyncMutants } from "./fsync-mutants.ts";
import { leaseMutants } from "./lease-mutants.ts";
import type { Mutant } from "./mutant.ts";
import { orderMutants } from "./order-mutants.ts";
import { plainWriteMutants } from "./plain-write-mutants.ts";
import { realTimeMutants } from "./real-time-mutants.ts";
import { stateMutants } from "./state-mutants.ts";
import { timerMutants } from "./timer-mutants.ts";

export const allMutants: readonly Mutant[] = [
  ...orderMutants,
  ...leaseMutants,
  ...plainWriteMutants,
  ...fsyncMutants,
  ...adapterMutants,
  ...stateMutants,
  ...timerMutants,
  ...realTimeMutants,
];

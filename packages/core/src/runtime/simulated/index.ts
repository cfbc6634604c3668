export {
  type Fault,
  type FaultCode,
  type FaultPlan,
  type ReadFault,
  SimulatedCrash,
  type Survival,
} from "./fault-plan.ts";
export { type ApplyProgram, withApply, writesOffsets } from "./other-disk.ts";
export { SeededRandom } from "./seeded-random.ts";
export { type LoggedOperation, SimulatedFileSystem, type SimulatedFileSystemOptions } from "./simulated-file-system.ts";
export { SimulatedLocalFiles } from "./simulated-local-files.ts";
export { SimulatedListener, SimulatedNetwork } from "./simulated-network.ts";
export {
  type AliveProcesses,
  type LoggedLine,
  SimulatedProcess,
  type SimulatedProcessOptions,
} from "./simulated-process.ts";
export { createSimulatedRuntime, type SimulatedRuntime, type SimulatedRuntimeOptions } from "./simulated-runtime.ts";
export { settle, VirtualClock } from "./virtual-clock.ts";

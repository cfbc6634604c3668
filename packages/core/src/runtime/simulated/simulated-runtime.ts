import { PlatformCompression } from "../compression.ts";
import { PortableCrypto } from "../crypto.ts";
import type { Runtime } from "../runtime.ts";
import type { FaultPlan, Survival } from "./fault-plan.ts";
import { SeededRandom } from "./seeded-random.ts";
import { SimulatedFileSystem, type SimulatedFileSystemOptions } from "./simulated-file-system.ts";
import { SimulatedLocalFiles } from "./simulated-local-files.ts";
import { SimulatedNetwork } from "./simulated-network.ts";
import { type AliveProcesses, SimulatedProcess } from "./simulated-process.ts";
import { VirtualClock } from "./virtual-clock.ts";

export interface SimulatedRuntimeOptions extends Omit<SimulatedFileSystemOptions, "seed" | "nowMs"> {
  /** Wall clock at the start, ms since the epoch. */
  readonly startMs?: number;
  readonly bootId?: string;
}

/** A whole world in memory: one seed, one history. */
export interface SimulatedRuntime extends Runtime {
  readonly clock: VirtualClock;
  readonly fs: SimulatedFileSystem;
  readonly localFiles: SimulatedLocalFiles;
  readonly random: SeededRandom;
  readonly network: SimulatedNetwork;
  readonly process: SimulatedProcess;
  /**
   * The world after this process died (with what survives of unsynced data) and another one started: same disk, clock
   * and network, another pid. `power` also starts the machine anew, with another boot id. A crash that the fault plan
   * already caused has decided what survives.
   */
  restart(options?: {
    readonly survive?: Survival;
    readonly power?: boolean;
    readonly plan?: FaultPlan;
  }): SimulatedRuntime;
  /** Another process beside this one on the same machine: same disk, clock and network. */
  anotherProcess(): SimulatedRuntime;
}

interface Machine {
  readonly clock: VirtualClock;
  readonly localFiles: SimulatedLocalFiles;
  readonly random: SeededRandom;
  readonly network: SimulatedNetwork;
  readonly alive: AliveProcesses;
  nextPid: number;
  boot: number;
}

function start(machine: Machine, fs: SimulatedFileSystem): SimulatedRuntime {
  const pid = machine.nextPid++;
  const process = new SimulatedProcess({
    pid,
    startTime: String(1000 + pid),
    bootId: `boot-${machine.boot}`,
    alive: machine.alive,
  });
  return {
    clock: machine.clock,
    random: machine.random,
    network: machine.network,
    process,
    compression: new PlatformCompression(),
    crypto: new PortableCrypto(),
    fs,
    localFiles: machine.localFiles,
    restart(options = {}) {
      process.die();
      if (options.power === true) {
        machine.boot++;
        machine.alive.clear();
        machine.localFiles.losePower(machine.random);
      }
      if (!fs.crashed) fs.crash(options.survive ?? (options.power === true ? "none" : "all"));
      return start(machine, fs.reboot(options.plan));
    },
    anotherProcess() {
      return start(machine, fs.sibling());
    },
  };
}

/** A runtime on virtual time, an in-memory disk and seeded randomness. */
export function createSimulatedRuntime(seed: number, options: SimulatedRuntimeOptions = {}): SimulatedRuntime {
  const clock = new VirtualClock(options.startMs ?? 0);
  const random = new SeededRandom(seed);
  const fs = new SimulatedFileSystem({ ...options, seed: random.int32(), nowMs: () => clock.nowMs() });
  const machine: Machine = {
    clock,
    localFiles: new SimulatedLocalFiles(),
    random,
    network: new SimulatedNetwork(),
    alive: new Set(),
    nextPid: 100,
    boot: 1,
  };
  return start(machine, fs);
}

/** A store on a simulated machine, small enough that everything spills, and a model beside it. */
import {
  createSimulatedRuntime,
  type HdfsStateStoreProvider,
  type SimulatedRuntime,
  type StateStore,
  type StateStoreContext,
} from "millrace/engine";
import { DiskStateStoreProvider, type DiskSizes } from "./disk-state-store.ts";

export const directory = "/cp/state/0/0";
export const localDirectory = "/local/0-0-default";
export const tiny: DiskSizes = {
  chunkBytes: 256,
  segmentBytes: 2048,
  leastSegmentBytes: 512,
  idleBytes: 1024,
  sliceBytes: 512,
};

export function contextOf(runtime: SimulatedRuntime, options: Partial<StateStoreContext> = {}): StateStoreContext {
  return {
    runtime,
    directory,
    localDirectory,
    epoch: 1,
    durability: "fsync",
    minDeltasForSnapshot: 3,
    minBatchesToRetain: 100,
    keyPrefix: undefined,
    firstVersion: 0,
    cacheBytes: 512,
    ...options,
  };
}
export function diskProvider(
  runtime: SimulatedRuntime,
  options: Partial<StateStoreContext> = {},
  sizes: DiskSizes = tiny,
): DiskStateStoreProvider {
  return new DiskStateStoreProvider(contextOf(runtime, options), sizes);
}
export const newMachine = (seed = 1): SimulatedRuntime => createSimulatedRuntime(seed);

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

export function content(store: StateStore): Record<string, string> {
  return Object.fromEntries([...store.entries()].map(({ key, value }) => [textOf(key), textOf(value)]).sort());
}
export async function commit(runtime: SimulatedRuntime, store: StateStore): Promise<void> {
  await runtime.fs.apply(store.commitProgram());
  store.committed();
}
/** Changes a store in one batch and commits it. */
export async function batch(
  runtime: SimulatedRuntime,
  provider: DiskStateStoreProvider | HdfsStateStoreProvider,
  version: number,
  changes: Readonly<Record<string, string | null>>,
): Promise<void> {
  const store = await provider.open(version);
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) store.remove(bytesOf(key));
    else store.put(bytesOf(key), bytesOf(value));
  }
  await commit(runtime, store);
  await provider.maintain();
}

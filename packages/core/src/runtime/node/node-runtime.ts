import { randomFillSync, randomUUID } from "node:crypto";
import type { Random } from "../random.ts";
import type { Runtime } from "../runtime.ts";
import { NodeClock } from "./node-clock.ts";
import { NodeCompression } from "./node-compression.ts";
import { NodeCrypto } from "./node-crypto.ts";
import { NodeFileSystem } from "./node-file-system.ts";
import { NodeLocalFiles } from "./node-local-files.ts";
import { NodeNetwork } from "./node-network.ts";
import { NodeProcess } from "./node-process.ts";
import { nodeWorkers } from "./node-workers.ts";

class NodeRandom implements Random {
  uuid(): string {
    return randomUUID();
  }
  int32(): number {
    return randomFillSync(new Int32Array(1))[0]!;
  }
}

/** The outside world through Node: real clock, files, random numbers, TCP and process. */
export function createNodeRuntime(files: { readonly blockingReads?: boolean } = {}): Runtime {
  const workers = nodeWorkers();
  return {
    clock: new NodeClock(),
    fs: new NodeFileSystem(files),
    localFiles: new NodeLocalFiles(),
    random: new NodeRandom(),
    network: new NodeNetwork(),
    process: new NodeProcess(),
    compression: new NodeCompression(),
    crypto: new NodeCrypto(),
    ...(workers === undefined ? {} : { workers }),
  };
}

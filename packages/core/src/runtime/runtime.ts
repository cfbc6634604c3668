import type { Clock } from "./clock.ts";
import type { Compression } from "./compression.ts";
import type { Crypto } from "./crypto.ts";
import type { FileSystem } from "./file-system.ts";
import type { Network } from "./network.ts";
import type { LocalFiles } from "./local-files.ts";
import type { Workers } from "./workers.ts";
import type { ProcessInfo } from "./process-info.ts";
import type { Random } from "./random.ts";

/** All that the engine may touch of the outside world. `runtime/node` is the real one, `runtime/simulated` the other. */
export interface Runtime {
  readonly clock: Clock;
  readonly fs: FileSystem;
  readonly localFiles: LocalFiles;
  readonly random: Random;
  readonly network: Network;
  readonly process: ProcessInfo;
  readonly compression: Compression;
  readonly crypto: Crypto;
  /** Absent: everything runs on the calling thread. */
  readonly workers?: Workers;
}

/** How much of what was never synced is still there after a crash. `random` draws it per file and directory. */
export type Survival = "all" | "none" | "random";

/**
 * One fault at one operation, counted from 0 in each incarnation.
 *
 * - `crashBefore`, `crashAfter`: the process dies around the operation; what was written stays visible (page cache).
 * - `loseUnsynced`: the operation is executed, then power is lost: only synced content and names remain.
 * - `torn`: only the first `tearAt` bytes of a write (default half; negative counts from the end) reach the disk, then
 *   power is lost with those bytes durable, and the name too. Of other operations nothing happens before the crash.
 * - any errno code (`ENOSPC`, `EIO`, `EROFS` …): the operation fails with it. A write with ENOSPC or EIO leaves its first
 *   `tearAt` bytes behind, as a real one may; after a failed sync the unsynced content can never become durable.
 */
export interface Fault {
  readonly at: number;
  readonly fault: "crashBefore" | "crashAfter" | "torn" | "loseUnsynced" | FaultCode;
  readonly tearAt?: number;
  /** Overrides what survives the crash of this fault. */
  readonly survive?: Survival;
}
export type FaultCode = "ENOSPC" | "EIO" | "EROFS" | "EACCES" | "EMFILE" | "EDQUOT";

/** Fails the `at`-th read (readFile, open, read of a handle, stat, list; counted from 0) of an incarnation. */
export interface ReadFault {
  readonly at: number;
  readonly code: FaultCode;
}

export interface FaultPlan {
  readonly faults?: readonly Fault[];
  readonly readFaults?: readonly ReadFault[];
}

/** The simulated process or machine died here. Every later operation of the same incarnation throws it again. */
export class SimulatedCrash extends Error {
  override readonly name = "SimulatedCrash";
  /** Index of the operation at which the crash happened; -1 when it was asked for between operations. */
  readonly operationIndex: number;
  constructor(operationIndex: number) {
    super(`simulated crash at operation ${operationIndex}`);
    this.operationIndex = operationIndex;
  }
}

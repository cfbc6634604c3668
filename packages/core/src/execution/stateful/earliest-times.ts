/**
 * When the state of each partition next gives something up, kept from batch to batch: progress tells it without a look at the
 * whole state. Times are microseconds since the epoch as doubles; Infinity: never.
 */
import type { StateStore } from "../../state/state-store.ts";
import type { StatePartition } from "./state-partition.ts";

/** The watermark at which an entry leaves. */
type LeavesAt = (arena: Uint8Array, keyStart: number, valueStart: number) => number;

export class EarliestTimes {
  readonly #known = new Map<number, number>();

  /**
   * Called at the end of a partition's batch, when nothing leaves any more.
   * @param stayed the least of all entries, when the batch has looked at all of them
   */
  update(state: StatePartition, store: StateStore, leavesAt: LeavesAt, stayed: number | undefined): void {
    const known = stayed ?? this.#known.get(state.index);
    let least = known ?? Infinity;
    if (stayed === undefined) {
      const look = (
        arena: Uint8Array,
        keyStart: number,
        _keyEnd: number,
        valueStart: number,
        valueEnd: number,
      ): void => {
        if (valueEnd < 0) return;
        const time = leavesAt(arena, keyStart, valueStart);
        if (time < least) least = time;
      };
      // The first batch of a run finds state of which nothing is known yet.
      if (known === undefined) store.forEach(look);
      else store.forEachChange(look);
    }
    this.#known.set(state.index, least);
    state.leavesNext = least;
  }
}

/**
 * The least time of the entries of a store, for each partition, kept from batch to batch: before it nothing is due, and no
 * batch looks through the state. It is a bound, as entries are changed to later times without a look at the others. Unknown at
 * the start of a run.
 */
export class DueTimes {
  readonly #least = new Map<number, number>();

  /** No entry of the partition is due before; −Infinity: nothing is known. */
  of(partition: number): number {
    return this.#least.get(partition) ?? -Infinity;
  }
  /** An entry has got this time. */
  add(partition: number, time: number): void {
    if (time < this.of(partition)) this.#least.set(partition, time);
  }
  /** All entries have been looked at. */
  found(partition: number, least: number): void {
    this.#least.set(partition, least);
  }
}

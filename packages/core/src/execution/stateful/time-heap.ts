/** A queue of numbers by time: a binary heap in typed arrays. Equal times come in the order of a second number. */
export class TimeHeap {
  #times: Float64Array = new Float64Array(64);
  #ties: Int32Array = new Int32Array(64);
  #items: Int32Array = new Int32Array(64);
  #count = 0;

  get size(): number {
    return this.#count;
  }
  get memoryBytes(): number {
    return 16 * this.#times.length;
  }
  /** The least time; Infinity when there is none. */
  get least(): number {
    return this.#count === 0 ? Number.POSITIVE_INFINITY : this.#times[0]!;
  }
  /** What has the least time. */
  get first(): number {
    return this.#items[0]!;
  }

  push(time: number, tie: number, item: number): void {
    if (this.#count === this.#times.length) this.#grow();
    let at = this.#count++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#before(time, tie, parent)) break;
      this.#set(at, this.#times[parent]!, this.#ties[parent]!, this.#items[parent]!);
      at = parent;
    }
    this.#set(at, time, tie, item);
  }

  /** Takes the first one away. */
  pop(): void {
    const last = --this.#count;
    if (last <= 0) return;
    const [time, tie, item] = [this.#times[last]!, this.#ties[last]!, this.#items[last]!];
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= last) break;
      if (child + 1 < last && this.#before(this.#times[child + 1]!, this.#ties[child + 1]!, child)) child++;
      if (this.#before(time, tie, child)) break;
      this.#set(at, this.#times[child]!, this.#ties[child]!, this.#items[child]!);
      at = child;
    }
    this.#set(at, time, tie, item);
  }

  clear(): void {
    this.#count = 0;
  }

  #before(time: number, tie: number, other: number): boolean {
    const otherTime = this.#times[other]!;
    return time < otherTime || (time === otherTime && tie < this.#ties[other]!);
  }
  #set(at: number, time: number, tie: number, item: number): void {
    this.#times[at] = time;
    this.#ties[at] = tie;
    this.#items[at] = item;
  }
  #grow(): void {
    const length = 2 * this.#times.length;
    const [times, ties, items] = [new Float64Array(length), new Int32Array(length), new Int32Array(length)];
    times.set(this.#times);
    ties.set(this.#ties);
    items.set(this.#items);
    this.#times = times;
    this.#ties = ties;
    this.#items = items;
  }
}

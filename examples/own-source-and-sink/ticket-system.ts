import type { RowSource } from "millrace";

export interface Ticket {
  readonly id: number;
  readonly team: string;
  readonly minutes: number;
}

/**
 * A source of one's own: the tickets of a help desk, which numbers them. The number of the last ticket read is the offset.
 *
 * The engine writes an offset down before it reads up to it, and after a crash reads the same range again. All that takes
 * is that the tickets between two numbers are always the same.
 */
export class TicketSystem implements RowSource<Ticket, number> {
  readonly name = "tickets";
  readonly #page: number;
  #newest = 0;
  #end = Number.POSITIVE_INFINITY;

  constructor(page: number) {
    this.#page = page;
  }

  /** Somebody files tickets. */
  file(count: number): void {
    this.#newest += count;
  }

  initialOffset(): number {
    return 0;
  }

  /** At most a page at a time, so that a long history does not become one huge batch. */
  latestOffset(start: number): number {
    return Math.min(this.#newest, this.#end, start + this.#page);
  }

  /** Trigger `availableNow`: tickets that are filed during the run are left to the next. */
  prepareForAvailableNow(): void {
    this.#end = this.#newest;
  }

  *read(start: number, end: number): Iterable<Ticket> {
    for (let id = start + 1; id <= end; id++) {
      yield { id, team: ["billing", "shipping", "returns"][id % 3] ?? "", minutes: (id * 7) % 50 };
    }
  }
}

/**
 * A snapshot that is written in pieces beside the batches: it goes once through the log as it was when it began, and takes of it
 * what counted then. Records that batches replace meanwhile are remembered by their places, which stay readable until it ends.
 */
import {
  applyAtomicWrites,
  encodeSnapshot,
  type FileOperation,
  type StateFiles,
  type VisitEntry,
} from "millrace/engine";
import type { DiskMap } from "./disk-map.ts";
import { forEachPlace, visitRecord } from "./scan.ts";
import { ChunkCursor, type Segment } from "./segment-log.ts";

const slots = 2 ** 32;

export class SnapshotJob {
  readonly version: number;
  /** Bytes of the snapshot so far. */
  bytes = 0;
  readonly #map: DiskMap;
  readonly #files: StateFiles;
  readonly #temporary: string;
  readonly #segments: readonly { readonly segment: Segment; readonly limit: number }[];
  /** Places of records that counted when it began and were replaced since. */
  readonly #replaced = new Set<number>();
  #next = 0;
  #cursor: ChunkCursor | null = null;
  #begun = false;

  /** Begins with what the map holds now: the state of a version that is committed. */
  constructor(map: DiskMap, files: StateFiles, version: number) {
    this.version = version;
    this.#map = map;
    this.#files = files;
    this.#temporary = `${files.directory}/.${version}.snapshot.${files.random.uuid()}.tmp`;
    this.#segments = map.log.segments.map((segment) => ({ segment, limit: segment.length }));
    map.onReplaced = (slot, word) => this.#replaced.add(slot * slots + word);
  }

  /**
   * Writes the next piece.
   * @param most bytes of the log to go through
   * @returns whether the snapshot is there
   */
  async advance(most: number): Promise<boolean> {
    const before = this.#scanned;
    let last = false;
    const piece = encodeSnapshot(
      {
        forEach: (visit) => {
          while (!last && this.#scanned - before < most) last = !this.#visitChunk(visit);
        },
      },
      () => last,
    );
    if (last) this.#map.onReplaced = null;
    this.bytes += piece.length;
    const program: FileOperation[] = [
      this.#begun
        ? { op: "append", path: this.#temporary, bytes: piece }
        : { op: "write", path: this.#temporary, bytes: piece, mode: 0o600 },
    ];
    this.#begun = true;
    if (last) program.push(...this.#files.placeSnapshot(this.#temporary, this.version));
    await applyAtomicWrites(this.#files.fs, program);
    if (last) this.#files.applied(program);
    return last;
  }

  /** Gives the snapshot up; what was written of it goes. */
  async abandon(): Promise<void> {
    this.#map.onReplaced = null;
    if (this.#begun) await this.#files.fs.apply([{ op: "remove", path: this.#temporary, ifExists: true }]);
  }

  #scanned = 0;
  /** Visits what counts in the next chunk; false when there is none. */
  #visitChunk(visit: VisitEntry): boolean {
    while (this.#cursor === null || !this.#cursor.next()) {
      const next = this.#segments[this.#next++];
      if (next === undefined) return false;
      this.#cursor = new ChunkCursor(next.segment, next.limit);
    }
    const cursor = this.#cursor;
    const { slot } = cursor.segment;
    const { places } = this.#map;
    this.#scanned += cursor.bytes + 1;
    forEachPlace(cursor, (bytes, place, entry, word) => {
      if (places.is(entry, slot, word) || this.#replaced.delete(slot * slots + word))
        visitRecord(cursor.words, bytes, place, entry, visit);
    });
    return true;
  }
}

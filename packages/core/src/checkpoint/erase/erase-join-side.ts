/**
 * One side of a stream–stream join in one partition, when a row holds the key but its join key does not: the rows of a join
 * key are numbered without a gap, and another store says how many there are. So both stores are played through version by
 * version, and written as if the row had never come.
 */
import { IndexedKey } from "../../state/indexed-key.ts";
import type { StateRecord } from "../../state/state-file.ts";
import type { StructType } from "../../types/data-type.ts";
import { eraseRecords, Findings, type StateFile } from "./erase-records.ts";
import type { KeyMatcher } from "./key-matcher.ts";

/** The files of `keyToNumValues` and of `keyWithIndexToValue`. */
export interface JoinSideFiles {
  readonly counts: readonly StateFile[];
  readonly rows: readonly StateFile[];
}

/** Of the two stores, by their schemas. */
export interface SideMatchers {
  readonly counts: KeyMatcher;
  readonly rows: KeyMatcher;
}

/** Bytes as a key of a map. */
function textOf(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 4096) text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return text;
}

/** The content of a store at a version. */
type Content = Map<string, StateRecord>;

function applied(content: Content, records: readonly StateRecord[]): void {
  for (const record of records) {
    if (record.value === null) content.delete(textOf(record.key));
    else content.set(textOf(record.key), record);
  }
}

/** The version from which on a store can be played through. */
function firstVersion(files: readonly StateFile[]): number {
  if (files.some(({ kind, version }) => kind === "delta" && version === 1)) return 0;
  return Math.min(...files.filter(({ kind }) => kind === "snapshot").map(({ version }) => version));
}

/** What a store holds at its first version or a later one. */
function contentAt(files: readonly StateFile[], version: number): Content {
  const content: Content = new Map();
  const snapshots = files.filter((file) => file.kind === "snapshot" && file.version <= version);
  const base = Math.max(0, ...snapshots.map((file) => file.version));
  for (const file of snapshots) if (file.version === base) applied(content, file.records);
  const deltas = files.filter((file) => file.kind === "delta" && file.version > base && file.version <= version);
  for (const { records } of deltas.toSorted((a, b) => a.version - b.version)) applied(content, records);
  return content;
}

/** The rows of a join key, by their numbers; `kept` are those that stay. */
interface Group {
  readonly key: Uint8Array;
  readonly rows: readonly StateRecord[];
  readonly kept: readonly Uint8Array[];
}

class JoinSideEraser {
  readonly #matchers: SideMatchers;
  readonly #indexed: IndexedKey;
  readonly #counts: Content;
  readonly #rows: Content;
  readonly #groups = new Map<string, Group>();
  /** The join key that each row belongs to. */
  readonly #owners = new Map<string, string>();

  constructor(key: StructType, counts: Content, rows: Content, matchers: SideMatchers) {
    this.#matchers = matchers;
    this.#indexed = new IndexedKey(key.fields.map(({ type }) => type));
    this.#counts = counts;
    this.#rows = rows;
    for (const text of counts.keys()) this.#refresh(text);
  }

  #rowKey(key: Uint8Array, index: number): Uint8Array {
    const words = new Int32Array(key.slice().buffer);
    const length = this.#indexed.write(words, 0, words.length, index);
    return this.#indexed.bytes.slice(0, length);
  }

  /** Looks at the rows of a join key again. */
  #refresh(text: string): void {
    const count = this.#counts.get(text);
    if (count === undefined) {
      this.#groups.delete(text);
      return;
    }
    const { key, value } = count;
    const size = new DataView(value!.buffer, value!.byteOffset).getInt32(8, true);
    const rows: StateRecord[] = [];
    for (let index = 0; index < size; index++) {
      const rowText = textOf(this.#rowKey(key, index));
      this.#owners.set(rowText, text);
      const row = this.#rows.get(rowText);
      if (row !== undefined) rows.push(row);
    }
    const { counts, rows: ofRows } = this.#matchers;
    const goes = counts.inKey(key) !== null;
    const kept = goes ? [] : rows.filter(({ value: row }) => ofRows.inValue(row!) === null);
    this.#groups.set(text, { key, rows, kept: kept.map((row) => row.value!) });
  }

  /** The deltas of a version, in the place of those that are given. */
  delta(
    counts: readonly StateRecord[],
    rows: readonly StateRecord[],
  ): { readonly counts: StateRecord[]; readonly rows: StateRecord[] } {
    const before = new Map<string, Group | undefined>();
    const touch = (text: string | undefined): void => {
      if (text !== undefined && !before.has(text)) before.set(text, this.#groups.get(text));
    };
    for (const { key } of counts) touch(textOf(key));
    applied(this.#counts, counts);
    applied(this.#rows, rows);
    for (const text of before.keys()) this.#refresh(text);
    const owned = rows.map(({ key }) => this.#owners.get(textOf(key)));
    for (const text of owned) touch(text);
    for (const text of before.keys()) this.#refresh(text);
    const changed = new Set(
      [...before]
        .filter(([text, group]) => this.#loses(group) || this.#loses(this.#groups.get(text)))
        .map(([text]) => text),
    );
    const result = {
      counts: counts.filter(({ key }) => !changed.has(textOf(key))),
      rows: rows.filter((_, i) => owned[i] === undefined || !changed.has(owned[i])),
    };
    for (const text of changed) this.#difference(before.get(text), this.#groups.get(text), result);
    return result;
  }

  #loses(group: Group | undefined): boolean {
    return group !== undefined && group.kept.length < group.rows.length;
  }

  #difference(
    before: Group | undefined,
    now: Group | undefined,
    result: { readonly counts: StateRecord[]; readonly rows: StateRecord[] },
  ): void {
    const { key } = (now ?? before)!;
    // The key itself is erased: nothing of it was ever there.
    if (this.#matchers.counts.inKey(key) !== null) return;
    const [old, kept] = [before?.kept ?? [], now?.kept ?? []];
    for (let i = 0; i < Math.max(old.length, kept.length); i++) {
      const value = kept[i] ?? null;
      if (value !== null && old[i] !== undefined && textOf(value) === textOf(old[i]!)) continue;
      result.rows.push({ key: this.#rowKey(key, i), value });
    }
    if (old.length !== kept.length)
      result.counts.push({ key, value: kept.length === 0 ? null : countRow(kept.length) });
  }

  /** Goes on from what a store holds by a snapshot: state that was dealt out to other partitions has no deltas to it. */
  reset(counts: readonly StateRecord[] | undefined, rows: readonly StateRecord[] | undefined): void {
    for (const [content, records] of [
      [this.#counts, counts],
      [this.#rows, rows],
    ] as const) {
      if (records === undefined) continue;
      content.clear();
      applied(content, records);
    }
    this.#groups.clear();
    for (const text of this.#counts.keys()) this.#refresh(text);
  }

  /** All of a version. */
  snapshot(): { readonly counts: readonly StateRecord[]; readonly rows: readonly StateRecord[] } {
    const result = { counts: [] as StateRecord[], rows: [] as StateRecord[] };
    for (const { key, kept } of this.#groups.values()) this.#difference(undefined, { key, rows: [], kept }, result);
    return result;
  }
}

/** The row of a number of rows: one BIGINT. */
function countRow(count: number): Uint8Array {
  const row = new Uint8Array(16);
  new DataView(row.buffer).setBigInt64(8, BigInt(count), true);
  return row;
}

/**
 * What the files of the two stores become.
 * @param key the join key
 */
export function eraseJoinSide(
  { counts, rows }: JoinSideFiles,
  key: StructType,
  matchers: SideMatchers,
): ReadonlyMap<StateFile, readonly StateRecord[]> {
  const result = new Map<StateFile, readonly StateRecord[]>();
  const start = Math.max(firstVersion(counts), firstVersion(rows));
  const played = (file: StateFile): boolean =>
    file.version > start || (file.version === start && file.kind === "snapshot");
  // Left over from before what the retention keeps: no version is made of them.
  for (const [files, matcher] of [
    [counts, matchers.counts],
    [rows, matchers.rows],
  ] as const) {
    for (const file of files) {
      if (!played(file)) result.set(file, eraseRecords(file, matcher, new Findings()) ?? file.records);
    }
  }
  if (start === Infinity) return result;
  const eraser = new JoinSideEraser(key, contentAt(counts, start), contentAt(rows, start), matchers);
  const find = (files: readonly StateFile[], version: number, kind: StateFile["kind"]): StateFile | undefined =>
    files.find((file) => file.version === version && file.kind === kind);
  const put = (file: StateFile | undefined, records: readonly StateRecord[]): void => {
    if (file !== undefined) result.set(file, records);
  };
  const latest = Math.max(...[...counts, ...rows].map(({ version }) => version));
  for (let version = start; version <= latest; version++) {
    if (version > start) {
      const deltas = { counts: find(counts, version, "delta"), rows: find(rows, version, "delta") };
      const changed = eraser.delta(deltas.counts?.records ?? [], deltas.rows?.records ?? []);
      put(deltas.counts, changed.counts);
      put(deltas.rows, changed.rows);
    }
    const snapshots = { counts: find(counts, version, "snapshot"), rows: find(rows, version, "snapshot") };
    if (snapshots.counts === undefined && snapshots.rows === undefined) continue;
    eraser.reset(snapshots.counts?.records, snapshots.rows?.records);
    const all = eraser.snapshot();
    put(snapshots.counts, all.counts);
    put(snapshots.rows, all.rows);
  }
  return result;
}

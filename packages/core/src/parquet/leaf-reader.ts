/**
 * The values of one column chunk, as many rows at a time as are asked for. Values are decoded straight into the memory of
 * the vector; those of dictionaries are converted once a dictionary.
 */
import type { Compression } from "../runtime/compression.ts";
import type { Validity, Vector } from "../columnar/vector.ts";
import type { DataType } from "../types/data-type.ts";
import { ByteRanges } from "./byte-ranges.ts";
import type { ChunkInput } from "./chunk-input.ts";
import { ParquetFormatError } from "./format-error.ts";
import { type LogicalValues, logicalValues } from "./leaf-conversion.ts";
import { type ColumnChunk, encoding, type PageHeader, pageType } from "./metadata.ts";
import { freshMemory, ReusedMemory } from "./page-decompression.ts";
import { type DataPage, type Levels, PageReader } from "./page-reader.ts";
import type { LeafPlan } from "./read-plan.ts";
import { RleDecoder } from "./rle-decoder.ts";
import { type PhysicalValues, physicalValues, type ValueDecoder, valueDecoder } from "./value-decoders.ts";
import type { ValueMemory } from "./value-memory.ts";
import { gatherValues, spreadValues } from "./value-gathering.ts";

/** Values that are decoded at a time where they pass through memory on the way. */
const pieceSize = 8192;

interface Dictionary {
  readonly values: LogicalValues;
  readonly size: number;
  /** What the ranges of a dictionary of byte arrays point into. */
  readonly bytes: Uint8Array;
}

/** A page that has been opened: its levels and values, read in pieces. */
interface OpenPage extends DataPage {
  readonly values: ValueDecoder | null;
  /** Positions in the dictionary. */
  readonly indices: RleDecoder | null;
}

/** What has been read of a leaf: slots with values, and for nested columns the levels of all entries. */
export class LeafBatch {
  readonly definitions: Uint8Array;
  readonly repetitions: Uint8Array;
  readonly entries: number;
  readonly vector: Vector;
  /** The arrays of the vector, where they may be filled again. */
  readonly values: LogicalValues | null;

  constructor(
    vector: Vector,
    definitions: Uint8Array,
    repetitions: Uint8Array,
    entries: number,
    values: LogicalValues | null = null,
  ) {
    this.vector = vector;
    this.values = values;
    this.definitions = definitions;
    this.repetitions = repetitions;
    this.entries = entries;
  }
}

/** Used within one synchronous step only, so one for all columns. */
const indexScratch = new Int32Array(pieceSize);
const levelScratch = new Uint8Array(pieceSize);
const pickScratch = new Int32Array(pieceSize);

const noLevels = new Uint8Array(0);

export class LeafReader {
  readonly #plan: LeafPlan;
  readonly #chunk: ColumnChunk;
  readonly #pages: PageReader;
  readonly #maxDefinition: number;
  readonly #maxRepetition: number;
  readonly #decimal: boolean;
  #dictionary: Dictionary | null = null;
  #header: PageHeader | null = null;
  /** Entries of the page that have not been read. */
  #left = 0;
  #page: OpenPage | null = null;
  #scratch: PhysicalValues | null = null;
  #target: LogicalValues;
  readonly #memory: ValueMemory;
  /** A piece of a page of which only some values are wanted. */
  #piece: LogicalValues | null = null;
  /** Nested columns: levels that were read ahead of the values. */
  readonly #aheadDefinitions: Uint8Array;
  readonly #aheadRepetitions: Uint8Array;
  #aheadAt = 0;
  #aheadEnd = 0;

  constructor(plan: LeafPlan, chunk: ColumnChunk, input: ChunkInput, compression: Compression, memory: ValueMemory) {
    this.#memory = memory;
    this.#plan = plan;
    this.#chunk = chunk;
    const shared = plan.conversion.kind === "bytes" && plan.conversion.convert === null;
    this.#pages = new PageReader(input, chunk, compression, shared ? freshMemory : new ReusedMemory());
    this.#maxDefinition = plan.node.definition;
    this.#maxRepetition = plan.node.repetitionLevel;
    this.#decimal = plan.conversion.kind === "decimal";
    this.#target = logicalValues(plan.conversion.kind, 0);
    const nested = plan.node.path.length > 1 || this.#maxRepetition > 0;
    this.#aheadDefinitions = nested ? new Uint8Array(pieceSize) : noLevels;
    this.#aheadRepetitions = nested ? new Uint8Array(pieceSize) : noLevels;
  }

  get #nested(): boolean {
    return this.#aheadDefinitions.length > 0;
  }

  /** Goes to the next page that has entries; false at the end of the column. */
  async #nextPage(): Promise<boolean> {
    this.#page = null;
    if (this.#header !== null && this.#left === 0) this.#header = null;
    for (;;) {
      const header = await this.#pages.next();
      if (header === null) return false;
      if (header.type === pageType.dictionary) {
        await this.#readDictionary(header);
      } else if (header.values === 0) {
        this.#pages.skip(header);
      } else {
        this.#header = header;
        this.#left = header.values;
        return true;
      }
    }
  }

  async #readDictionary(header: PageHeader): Promise<void> {
    const bytes = await this.#pages.dictionary(header);
    const { type, typeLength } = this.#plan.node.element;
    const size = header.values;
    // A value takes at least a bit.
    if (size > bytes.length * 8)
      throw new ParquetFormatError(`a dictionary of ${bytes.length} bytes has ${size} values`);
    if (this.#plan.conversion.kind === "null") return;
    const decoder = valueDecoder(encoding.plain, type!, typeLength ?? 0, bytes, 0);
    const { kind, convert } = this.#plan.conversion;
    const values = logicalValues(kind, size);
    if (convert === null) decoder.read(values as PhysicalValues, 0, size);
    else {
      const physical = physicalValues(type!, size);
      decoder.read(physical, 0, size);
      convert(physical, values, 0, size);
    }
    this.#dictionary = { values, size, bytes: values instanceof ByteRanges ? values.join(size) : bytes };
  }

  async #openPage(): Promise<OpenPage> {
    const data = await this.#pages.data(this.#header!, this.#maxDefinition, this.#maxRepetition);
    const { type, typeLength } = this.#plan.node.element;
    const { bytes, at } = data;
    if (this.#plan.conversion.kind === "null") return { ...data, values: null, indices: null };
    if (data.encoding !== encoding.rleDictionary && data.encoding !== encoding.plainDictionary) {
      if (at === bytes.length) return { ...data, values: null, indices: null };
      return { ...data, values: valueDecoder(data.encoding, type!, typeLength ?? 0, bytes, at), indices: null };
    }
    if (at === bytes.length) return { ...data, values: null, indices: null };
    return { ...data, values: null, indices: new RleDecoder(bytes, at + 1, bytes.length, bytes[at]!) };
  }

  #end(): ParquetFormatError {
    return new ParquetFormatError(`the column has fewer than its ${this.#chunk.values} values`);
  }

  /** Decodes the next `count` values of the open page to the target from `at` on. */
  #decode(page: OpenPage, target: LogicalValues, at: number, count: number): void {
    const { conversion, node } = this.#plan;
    if (count === 0 || conversion.kind === "null") return;
    if (page.indices !== null) {
      const dictionary = this.#neededDictionary;
      if (target instanceof ByteRanges) target.use(dictionary.bytes, at);
      for (let done = 0; done < count; done += pieceSize) {
        const size = Math.min(pieceSize, count - done);
        page.indices.read(indexScratch, 0, size);
        gatherValues(dictionary.values, dictionary.size, this.#decimal, indexScratch, target, at + done, size);
      }
      return;
    }
    if (page.values === null) throw new ParquetFormatError("the values of a page are missing");
    if (conversion.convert === null) {
      page.values.read(target as PhysicalValues, at, count);
      return;
    }
    const scratch = (this.#scratch ??= physicalValues(node.element.type!, pieceSize));
    for (let done = 0; done < count; done += pieceSize) {
      const size = Math.min(pieceSize, count - done);
      if (scratch instanceof ByteRanges) scratch.reset();
      page.values.read(scratch, 0, size);
      conversion.convert(scratch, target, at + done, size);
    }
  }

  get #neededDictionary(): Dictionary {
    if (this.#dictionary === null) {
      throw new ParquetFormatError("a page needs a dictionary, and the column has none");
    }
    return this.#dictionary;
  }

  /** Whether rows can be picked out of the column while it is read. */
  get picks(): boolean {
    return !this.#nested;
  }

  /** The next `rows` rows. */
  read(rows: number): Promise<LeafBatch> {
    return this.#nested ? this.#readNested(rows) : this.#readFlat(rows);
  }

  /** Of the next `rows` rows those at `positions[0 … length)`, which ascend; for columns that can be picked from. */
  async pick(rows: number, positions: Int32Array, length: number): Promise<LeafBatch> {
    const target = this.#memory.take(this.#plan.conversion.kind, length);
    let validity: Uint8Array | null = null;
    for (let at = 0, from = 0; at < rows;) {
      if (this.#left === 0 && !(await this.#nextPage())) throw this.#end();
      const count = Math.min(rows - at, this.#left, pieceSize);
      let to = from;
      while (to < length && positions[to]! < at + count) to++;
      if (to === from) {
        await this.skip(count);
        at += count;
        continue;
      }
      const page = (this.#page ??= await this.#openPage());
      const { definitions } = page;
      const uniform = definitions === null ? 1 : definitions.uniform(count);
      const chosen = pickScratch;
      for (let i = from; i < to; i++) chosen[i - from] = positions[i]! - at;
      if (uniform === 1) this.#pickValues(page, count, chosen, target, from, to - from);
      else {
        validity ??= new Uint8Array((length + 7) >> 3).fill(0xff);
        if (uniform === 0) setNulls(target, validity, from, to - from);
        else this.#pickPresent(page, definitions!, count, chosen, target, validity, from, to - from);
      }
      this.#left -= count;
      at += count;
      from = to;
    }
    return new LeafBatch(this.#vectorOf(target, length, validity), noLevels, noLevels, length, target);
  }

  /** Of the next `count` values of the page those at `chosen[0 … wanted)`. */
  #pickValues(
    page: OpenPage,
    count: number,
    chosen: Int32Array,
    target: LogicalValues,
    at: number,
    wanted: number,
  ): void {
    if (this.#plan.conversion.kind === "null") return;
    if (page.indices !== null) {
      const dictionary = this.#neededDictionary;
      page.indices.read(indexScratch, 0, count);
      for (let i = 0; i < wanted; i++) chosen[i] = indexScratch[chosen[i]!]!;
      if (target instanceof ByteRanges) target.use(dictionary.bytes, at);
      gatherValues(dictionary.values, dictionary.size, this.#decimal, chosen, target, at, wanted);
      return;
    }
    const piece = this.#emptyPiece();
    this.#decode(page, piece, 0, count);
    this.#takeOf(piece, count, chosen, target, at, wanted);
  }

  /** The same where some of the values are null. */
  #pickPresent(
    page: OpenPage,
    definitions: Levels,
    count: number,
    chosen: Int32Array,
    target: LogicalValues,
    validity: Uint8Array,
    at: number,
    wanted: number,
  ): void {
    definitions.read(levelScratch, 0, count);
    let present = 0;
    for (let i = 0; i < count; i++) present += levelScratch[i]!;
    for (let i = 0; i < wanted; i++) {
      if (levelScratch[chosen[i]!] === 0) validity[(at + i) >> 3]! &= ~(1 << ((at + i) & 7));
    }
    if (this.#plan.conversion.kind === "null") return;
    const piece = this.#emptyPiece();
    this.#decode(page, piece, 0, present);
    spreadValues(piece, this.#decimal, levelScratch, 1, 0, present, count);
    this.#takeOf(piece, count, chosen, target, at, wanted);
  }

  #emptyPiece(): LogicalValues {
    const piece = (this.#piece ??= logicalValues(this.#plan.conversion.kind, pieceSize));
    if (piece instanceof ByteRanges) piece.reset();
    return piece;
  }

  #takeOf(
    piece: LogicalValues,
    count: number,
    chosen: Int32Array,
    target: LogicalValues,
    at: number,
    wanted: number,
  ): void {
    if (target instanceof ByteRanges) target.use((piece as ByteRanges).join(count), at);
    gatherValues(piece, count, this.#decimal, chosen, target, at, wanted);
  }

  async #readFlat(rows: number): Promise<LeafBatch> {
    this.#target = this.#memory.take(this.#plan.conversion.kind, rows);
    let validity: Uint8Array | null = null;
    for (let at = 0; at < rows;) {
      if (this.#left === 0 && !(await this.#nextPage())) throw this.#end();
      const page = (this.#page ??= await this.#openPage());
      const count = Math.min(rows - at, this.#left, pieceSize);
      const { definitions } = page;
      const uniform = definitions === null ? 1 : definitions.uniform(count);
      if (uniform === 1) this.#decode(page, this.#target, at, count);
      else {
        validity ??= new Uint8Array((rows + 7) >> 3).fill(0xff);
        if (uniform === 0) setNulls(this.#target, validity, at, count);
        else {
          const levels = levelScratch;
          definitions!.read(levels, 0, count);
          let present = 0;
          for (let i = 0; i < count; i++) {
            const level = levels[i]!;
            present += level;
            if (level === 0) validity[(at + i) >> 3]! &= ~(1 << ((at + i) & 7));
          }
          this.#decode(page, this.#target, at, present);
          if (present < count) spreadValues(this.#target, this.#decimal, levels, 1, at, present, count);
        }
      }
      this.#left -= count;
      at += count;
    }
    return new LeafBatch(this.#vector(rows, validity), noLevels, noLevels, rows, this.#target);
  }

  /** Passes over rows; pages that nobody has looked into are not decompressed. */
  async skip(rows: number): Promise<void> {
    if (this.#nested) {
      for (let left = rows; left > 0; left -= pieceSize) await this.#readNested(Math.min(left, pieceSize));
      return;
    }
    for (let left = rows; left > 0;) {
      if (this.#left === 0 && !(await this.#nextPage())) throw this.#end();
      const count = Math.min(left, this.#left);
      left -= count;
      if (count === this.#left) {
        if (this.#page === null) this.#pages.skip(this.#header!);
        this.#page = null;
        this.#left = 0;
        continue;
      }
      const page = (this.#page ??= await this.#openPage());
      this.#left -= count;
      this.#skipWithin(page, count);
    }
  }

  #skipWithin(page: OpenPage, rows: number): void {
    for (let left = rows; left > 0; left -= pieceSize) {
      const count = Math.min(left, pieceSize);
      let present = count;
      if (page.definitions !== null) {
        const uniform = page.definitions.uniform(count);
        if (uniform >= 0) present = uniform === 0 ? 0 : count;
        else {
          page.definitions.read(levelScratch, 0, count);
          present = 0;
          for (let i = 0; i < count; i++) present += levelScratch[i]!;
        }
      }
      if (present === 0) continue;
      if (page.indices !== null) page.indices.skip(present);
      else page.values?.skip(present);
    }
  }

  /** Levels of the next entries of the page, read ahead; false at the end of the column. */
  async #readAhead(): Promise<boolean> {
    if (this.#left === 0 && !(await this.#nextPage())) return false;
    const page = (this.#page ??= await this.#openPage());
    const count = Math.min(this.#left, pieceSize);
    if (page.definitions === null) this.#aheadDefinitions.fill(0, 0, count);
    else page.definitions.read(this.#aheadDefinitions, 0, count);
    if (page.repetitions === null) this.#aheadRepetitions.fill(0, 0, count);
    else page.repetitions.read(this.#aheadRepetitions, 0, count);
    this.#left -= count;
    this.#aheadAt = 0;
    this.#aheadEnd = count;
    return true;
  }

  async #readNested(rows: number): Promise<LeafBatch> {
    const { slotDefinition } = this.#plan;
    const full = this.#maxDefinition;
    let capacity = rows;
    this.#target = logicalValues(this.#plan.conversion.kind, capacity);
    let definitions = new Uint8Array(rows);
    let repetitions = new Uint8Array(rows);
    let entries = 0;
    let slots = 0;
    let nulls = 0;
    let slotLevels = new Uint8Array(capacity);
    for (let seen = 0; ;) {
      if (this.#aheadAt === this.#aheadEnd && !(await this.#readAhead())) {
        if (seen < rows) throw this.#end();
        break;
      }
      // Entries up to the beginning of the row that is too much.
      let end = this.#aheadAt;
      for (; end < this.#aheadEnd; end++) {
        if (this.#aheadRepetitions[end] !== 0) continue;
        if (seen === rows) break;
        seen++;
      }
      const from = this.#aheadAt;
      const count = end - from;
      if (count > 0) {
        if (entries === 0 && this.#aheadRepetitions[from] !== 0) {
          throw new ParquetFormatError("a row of a nested column has no beginning");
        }
        if (entries + count > definitions.length) {
          const size = Math.max(entries + count, definitions.length * 2);
          if (size > largestBatch) throw new ParquetFormatError("a batch of a nested column has too many values");
          definitions = grownBytes(definitions, size);
          repetitions = grownBytes(repetitions, size);
        }
        definitions.set(this.#aheadDefinitions.subarray(from, end), entries);
        repetitions.set(this.#aheadRepetitions.subarray(from, end), entries);
        if (slots + count > capacity) {
          capacity = Math.max(slots + count, capacity * 2);
          this.#target = enlarge(this.#target, this.#plan.conversion.kind, capacity, slots);
          slotLevels = grownBytes(slotLevels, capacity);
        }
        let present = 0;
        const first = slots;
        for (let i = from; i < end; i++) {
          const level = this.#aheadDefinitions[i]!;
          if (level < slotDefinition) continue;
          slotLevels[slots++] = level;
          if (level === full) present++;
        }
        const pieceSlots = slots - first;
        this.#decode(this.#page!, this.#target, first, present);
        if (present < pieceSlots) {
          nulls += pieceSlots - present;
          const levels = slotLevels.subarray(first, slots);
          spreadValues(this.#target, this.#decimal, levels, full, first, present, pieceSlots);
        }
        entries += count;
        this.#aheadAt = end;
      }
      if (end < this.#aheadEnd) break;
    }
    let validity: Validity = null;
    if (nulls > 0) {
      validity = new Uint8Array((slots + 7) >> 3);
      for (let i = 0; i < slots; i++) if (slotLevels[i] === full) validity[i >> 3]! |= 1 << (i & 7);
    }
    return new LeafBatch(this.#vector(slots, validity), definitions, repetitions, entries);
  }

  #vector(length: number, validity: Validity): Vector {
    return this.#vectorOf(this.#target, length, validity);
  }

  #vectorOf(values: LogicalValues, length: number, validity: Validity): Vector {
    return vectorOf(this.#plan.type, this.#plan.conversion.kind, values, length, validity);
  }
}

/** Entries of one batch of a nested column, beyond which the file is taken for damaged. */
const largestBatch = 1 << 28;

function grownBytes(bytes: Uint8Array<ArrayBuffer>, size: number): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(size);
  result.set(bytes);
  return result;
}

function enlarge(values: LogicalValues, kind: Vector["kind"], capacity: number, used: number): LogicalValues {
  if (values instanceof ByteRanges) {
    values.reserve(capacity);
    return values;
  }
  const result = logicalValues(kind, capacity) as BigInt64Array;
  result.set((values as BigInt64Array).subarray(0, kind === "decimal" ? 2 * used : used));
  return result;
}

function setNulls(values: LogicalValues, bits: Uint8Array, from: number, count: number): void {
  if (values instanceof ByteRanges) {
    values.starts.fill(0, from, from + count);
    values.ends.fill(0, from, from + count);
  }
  for (let i = from; i < from + count; i++) bits[i >> 3]! &= ~(1 << (i & 7));
}

function vectorOf(
  type: DataType,
  kind: Vector["kind"],
  values: LogicalValues,
  length: number,
  validity: Validity,
): Vector {
  if (values instanceof ByteRanges) {
    if (kind !== "bytes") return { kind: "null", type, length, validity: null };
    const bytes = values.join(length);
    return { kind, type, length, validity, bytes, starts: values.starts, ends: values.ends };
  }
  if (kind !== "bool") return { kind, type, length, validity, values } as Vector;
  const flags = values as Uint8Array;
  const bits = new Uint8Array((length + 7) >> 3);
  for (let i = 0; i < length; i++) bits[i >> 3]! |= flags[i]! << (i & 7);
  return { kind, type, length, validity, values: bits };
}

import {
  createBuilder,
  projectBatch,
  type RecordBatch,
  type StructType,
  type Vector,
  type VectorBuilder,
} from "millrace/engine";
import type { TopicPartition } from "../client/topic-partition.ts";
import { ByteReader, KafkaFormatError } from "../protocol/byte-reader.ts";
import type { RecordBatchHeader } from "../protocol/record-batch-header.ts";
import { kafkaSchema } from "./schema.ts";

const rowsPerBatch = 8192;
/** A time beyond this many milliseconds is no exact number of microseconds. */
const exactMillis = Math.floor(Number.MAX_SAFE_INTEGER / 1000);
const schema = kafkaSchema(true);
const utf8 = new TextDecoder();

/**
 * Makes rows of records. Keys and values stay where they are, in the buffer of the response or of the decompressed batch: a
 * row costs a few numbers.
 */
export class RecordRows {
  readonly #columns: StructType;
  readonly #topic: Uint8Array;
  readonly #partition: number;
  readonly #headers: VectorBuilder | null;
  #bytes: Uint8Array | null = null;
  #length = 0;
  #keyStarts!: Int32Array;
  #keyEnds!: Int32Array;
  #valueStarts!: Int32Array;
  #valueEnds!: Int32Array;
  /** 64-bit numbers as two halves each. */
  #offsets!: Int32Array;
  #timestamps!: Int32Array;
  #timestampTypes!: Int32Array;
  #keyNulls!: Nulls;
  #valueNulls!: Nulls;

  /** @param columns those to produce */
  constructor({ topic, partition }: TopicPartition, columns: StructType) {
    this.#columns = columns;
    this.#topic = new TextEncoder().encode(topic);
    this.#partition = partition;
    const headers = columns.fields.find(({ name }) => name === "headers");
    this.#headers = headers === undefined ? null : createBuilder(headers.type, 256);
    this.#start();
  }

  /**
   * Adds the records of a batch whose offsets are in [from, until). Row batches that are full go to `done`.
   * @param bytes     what holds the records, not compressed, in [start, end)
   * @throws KafkaFormatError
   */
  add(
    bytes: Uint8Array,
    start: number,
    end: number,
    header: RecordBatchHeader,
    from: number,
    until: number,
    done: RecordBatch[],
  ): void {
    if (this.#bytes !== bytes) this.flush(done);
    this.#bytes = bytes;
    const timestampType = header.logAppendTime ? 1 : 0;
    let at = start;
    // Varints are read in place: a call per number would be a large part of the work.
    for (let record = 0; record < header.recordCount; record++) {
      let shift = 0;
      let zigzag = 0;
      let byte: number;
      do {
        byte = bytes[at++]!;
        zigzag |= (byte & 0x7f) << shift;
        shift += 7;
      } while (byte >= 0x80 && shift < 35);
      const recordEnd = at + ((zigzag >>> 1) ^ -(zigzag & 1));
      if (!(recordEnd > at && recordEnd <= end)) throw damaged();
      at++; // Attributes.
      let delta = 0;
      let factor = 1;
      do {
        byte = bytes[at++]!;
        delta += (byte & 0x7f) * factor;
        factor *= 128;
      } while (byte >= 0x80 && at < recordEnd);
      const timestampDelta = delta % 2 === 0 ? delta / 2 : -(delta + 1) / 2;
      shift = 0;
      zigzag = 0;
      do {
        byte = bytes[at++]!;
        zigzag |= (byte & 0x7f) << shift;
        shift += 7;
      } while (byte >= 0x80 && shift < 35);
      const offset = header.baseOffset + ((zigzag >>> 1) ^ -(zigzag & 1));
      if (offset < from || offset >= until) {
        at = recordEnd;
        continue;
      }
      shift = 0;
      zigzag = 0;
      do {
        byte = bytes[at++]!;
        zigzag |= (byte & 0x7f) << shift;
        shift += 7;
      } while (byte >= 0x80 && shift < 35);
      const keyLength = (zigzag >>> 1) ^ -(zigzag & 1);
      const keyStart = at;
      if (keyLength > 0) at += keyLength;
      const keyEnd = at;
      if (at >= recordEnd) throw damaged();
      shift = 0;
      zigzag = 0;
      do {
        byte = bytes[at++]!;
        zigzag |= (byte & 0x7f) << shift;
        shift += 7;
      } while (byte >= 0x80 && shift < 35);
      const valueLength = (zigzag >>> 1) ^ -(zigzag & 1);
      const valueStart = at;
      if (valueLength > 0) at += valueLength;
      if (at >= recordEnd) throw damaged();
      const row = this.#length++;
      this.#keyStarts[row] = keyStart;
      this.#keyEnds[row] = keyEnd;
      this.#valueStarts[row] = valueStart;
      this.#valueEnds[row] = at;
      if (keyLength < 0) this.#keyNulls.mark(row);
      if (valueLength < 0) this.#valueNulls.mark(row);
      const high = Math.floor(offset / 0x1_0000_0000);
      this.#offsets[2 * row] = offset - high * 0x1_0000_0000;
      this.#offsets[2 * row + 1] = high;
      const timestamp = header.logAppendTime ? header.maxTimestamp : header.baseTimestamp + timestampDelta;
      this.#writeMicros(row, timestamp);
      this.#timestampTypes[row] = timestampType;
      if (this.#headers !== null) appendHeaders(this.#headers, bytes, at, recordEnd);
      at = recordEnd;
      if (this.#length === rowsPerBatch) {
        this.flush(done);
        this.#bytes = bytes;
      }
    }
    if (at !== end) throw damaged();
  }

  /** Hands over the rows that are left. */
  flush(done: RecordBatch[]): void {
    const length = this.#length;
    const bytes = this.#bytes;
    this.#bytes = null;
    if (length === 0 || bytes === null) return;
    const whole = { schema, length, columns: this.#vectors(length, bytes) };
    done.push(projectBatch(whole, this.#columns));
    this.#start();
  }

  #start(): void {
    this.#length = 0;
    this.#keyStarts = new Int32Array(rowsPerBatch);
    this.#keyEnds = new Int32Array(rowsPerBatch);
    this.#valueStarts = new Int32Array(rowsPerBatch);
    this.#valueEnds = new Int32Array(rowsPerBatch);
    this.#offsets = new Int32Array(2 * rowsPerBatch);
    this.#timestamps = new Int32Array(2 * rowsPerBatch);
    this.#timestampTypes = new Int32Array(rowsPerBatch);
    this.#keyNulls = new Nulls();
    this.#valueNulls = new Nulls();
  }

  #writeMicros(row: number, millis: number): void {
    if (Math.abs(millis) <= exactMillis) {
      const micros = millis * 1000;
      const high = Math.floor(micros / 0x1_0000_0000);
      this.#timestamps[2 * row] = micros - high * 0x1_0000_0000;
      this.#timestamps[2 * row + 1] = high;
    } else {
      new BigInt64Array(this.#timestamps.buffer)[row] = BigInt.asIntN(64, BigInt(millis) * 1000n);
    }
  }

  #vectors(length: number, bytes: Uint8Array): readonly Vector[] {
    const fields = schema.fields;
    const type = (i: number): (typeof fields)[number]["type"] => fields[i]!.type;
    const numbers = (halves: Int32Array): BigInt64Array => new BigInt64Array(halves.buffer, 0, length);
    const keys = { validity: this.#keyNulls.bits, bytes, starts: this.#keyStarts, ends: this.#keyEnds };
    const values = { validity: this.#valueNulls.bits, bytes, starts: this.#valueStarts, ends: this.#valueEnds };
    const topics = {
      validity: null,
      bytes: this.#topic,
      starts: new Int32Array(length),
      ends: new Int32Array(length).fill(this.#topic.length),
    };
    const partitions = new Int32Array(length).fill(this.#partition);
    return [
      { kind: "bytes", type: type(0), length, ...keys },
      { kind: "bytes", type: type(1), length, ...values },
      { kind: "bytes", type: type(2), length, ...topics },
      { kind: "i32", type: type(3), length, validity: null, values: partitions },
      { kind: "i64", type: type(4), length, validity: null, values: numbers(this.#offsets) },
      { kind: "i64", type: type(5), length, validity: null, values: numbers(this.#timestamps) },
      { kind: "i32", type: type(6), length, validity: null, values: this.#timestampTypes },
      ...(this.#headers === null ? [] : [this.#headers.finish()]),
    ];
  }
}

function damaged(): KafkaFormatError {
  return new KafkaFormatError("its records do not fill it exactly");
}

/** A bitmap that is there only when something is null. */
class Nulls {
  bits: Uint8Array | null = null;

  mark(row: number): void {
    this.bits ??= new Uint8Array(rowsPerBatch >> 3).fill(0xff);
    this.bits[row >> 3]! &= ~(1 << (row & 7));
  }
}

/** Headers as rows, NULL when there are none. */
function appendHeaders(builder: VectorBuilder, bytes: Uint8Array, start: number, end: number): void {
  const from = new ByteReader(bytes.subarray(0, end), start);
  const varint = (): number => {
    const zigzag = from.unsignedVarint();
    return (zigzag >>> 1) ^ -(zigzag & 1);
  };
  const range = (): Uint8Array | null => {
    const length = varint();
    const at = from.at;
    if (length < 0) return null;
    from.skip(length);
    return bytes.subarray(at, at + length);
  };
  const count = varint();
  if (count === 0) {
    builder.appendNull();
    return;
  }
  const headers: (readonly [string, Uint8Array | null])[] = [];
  for (let i = 0; i < count; i++) headers.push([utf8.decode(range() ?? new Uint8Array(0)), range()]);
  builder.append(headers);
}

/**
 * Quantile summary of Greenwald and Khanna ("Space-efficient Online Computation of Quantile Summaries", SIGMOD 2001) with
 * a buffer in front, exactly as Spark's `QuantileSummaries` keeps it, so that digests merge across engines.
 *
 * A sample (value, g, delta) says: g rows lie between the previous sample and this one, and the rank of this one is known to
 * ±delta. A query for a rank answers with a value of the data whose rank is off by at most relativeError × count.
 */
const headSize = 50_000;
/** Samples above which an insertion is followed by a compression. */
export const compressThreshold = 10_000;

export class QuantileSummary {
  readonly relativeError: number;
  #count = 0;
  #values: Float64Array = new Float64Array(0);
  #gaps: Float64Array = new Float64Array(0);
  #deltas: Float64Array = new Float64Array(0);
  #size = 0;
  #head = new Float64Array(16);
  #headLength = 0;
  #compressed = false;

  constructor(relativeError: number) {
    this.relativeError = relativeError;
  }

  get count(): number {
    return this.#count + this.#headLength;
  }
  get memoryBytes(): number {
    return this.#head.byteLength + this.#size * 24 + 200;
  }

  insert(value: number): void {
    if (this.#headLength === this.#head.length) {
      const larger = new Float64Array(Math.min(headSize, this.#head.length * 4));
      larger.set(this.#head);
      this.#head = larger;
    }
    this.#head[this.#headLength++] = value;
    this.#compressed = false;
    if (this.#headLength >= headSize) {
      this.#insertHead();
      if (this.#size >= compressThreshold) this.#compress();
    }
  }

  #allocate(size: number): { values: Float64Array; gaps: Float64Array; deltas: Float64Array } {
    return { values: new Float64Array(size), gaps: new Float64Array(size), deltas: new Float64Array(size) };
  }
  #install(next: { values: Float64Array; gaps: Float64Array; deltas: Float64Array }, size: number): void {
    this.#values = next.values;
    this.#gaps = next.gaps;
    this.#deltas = next.deltas;
    this.#size = size;
  }

  #insertHead(): void {
    if (this.#headLength === 0) return;
    const head = this.#head.subarray(0, this.#headLength).sort();
    const next = this.#allocate(this.#size + head.length);
    let out = 0;
    let at = 0;
    let count = this.#count;
    for (let i = 0; i < head.length; i++) {
      const value = head[i]!;
      while (at < this.#size && this.#values[at]! <= value) out = this.#copySample(at++, next, out);
      count++;
      const isEnd = out === 0 || (at === this.#size && i === head.length - 1);
      next.values[out] = value;
      next.gaps[out] = 1;
      next.deltas[out] = isEnd ? 0 : Math.floor(2 * this.relativeError * count);
      out++;
    }
    while (at < this.#size) out = this.#copySample(at++, next, out);
    this.#install(next, out);
    this.#count = count;
    this.#headLength = 0;
  }
  #copySample(
    from: number,
    next: { values: Float64Array; gaps: Float64Array; deltas: Float64Array },
    to: number,
  ): number {
    next.values[to] = this.#values[from]!;
    next.gaps[to] = this.#gaps[from]!;
    next.deltas[to] = this.#deltas[from]!;
    return to + 1;
  }

  #compress(): void {
    this.#insertHead();
    this.#compressSamples(2 * this.relativeError * this.#count);
    this.#compressed = true;
  }

  /** Merges neighbours from the end while their common gap stays under the threshold; least and greatest value stay. */
  #compressSamples(threshold: number): void {
    const size = this.#size;
    if (size === 0) return;
    const next = this.#allocate(size + 1);
    let out = size + 1;
    let headValue = this.#values[size - 1]!;
    let headGap = this.#gaps[size - 1]!;
    let headDelta = this.#deltas[size - 1]!;
    const prepend = (value: number, gap: number, delta: number): void => {
      out--;
      next.values[out] = value;
      next.gaps[out] = gap;
      next.deltas[out] = delta;
    };
    for (let i = size - 2; i >= 1; i--) {
      if (this.#gaps[i]! + headGap + headDelta < threshold) headGap += this.#gaps[i]!;
      else {
        prepend(headValue, headGap, headDelta);
        headValue = this.#values[i]!;
        headGap = this.#gaps[i]!;
        headDelta = this.#deltas[i]!;
      }
    }
    prepend(headValue, headGap, headDelta);
    if (size > 1 && this.#values[0]! <= headValue) prepend(this.#values[0]!, this.#gaps[0]!, this.#deltas[0]!);
    this.#install(
      { values: next.values.slice(out), gaps: next.gaps.slice(out), deltas: next.deltas.slice(out) },
      size + 1 - out,
    );
  }

  merge(other: QuantileSummary): void {
    if (!this.#compressed) this.#compress();
    if (!other.#compressed) other.#compress();
    if (other.#count === 0) return;
    if (this.#count === 0) {
      this.#install(
        { values: other.#values.slice(), gaps: other.#gaps.slice(), deltas: other.#deltas.slice() },
        other.#size,
      );
      this.#count = other.#count;
      return;
    }
    const ownDelta = Math.floor(2 * other.relativeError * other.#count);
    const otherDelta = Math.floor(2 * this.relativeError * this.#count);
    const next = this.#allocate(this.#size + other.#size);
    let i = 0;
    let j = 0;
    let out = 0;
    while (i < this.#size || j < other.#size) {
      const takeOwn = j >= other.#size || (i < this.#size && this.#values[i]! < other.#values[j]!);
      // A sample beyond the other's end keeps its delta.
      const bothLeft = i < this.#size && j < other.#size;
      if (takeOwn) {
        this.#copySample(i++, next, out);
        if (bothLeft && j > 0) next.deltas[out]! += ownDelta;
      } else {
        other.#copySample(j++, next, out);
        if (bothLeft && i > 0) next.deltas[out]! += otherDelta;
      }
      out++;
    }
    this.#install(next, out);
    this.#count += other.#count;
    this.#compressSamples(2 * Math.max(this.relativeError, other.relativeError) * this.#count);
    this.#compressed = true;
  }

  /** Values at the percentages, or undefined without data. O(samples). */
  query(percentages: readonly number[]): readonly number[] | undefined {
    if (!this.#compressed) this.#compress();
    const size = this.#size;
    if (size === 0) return undefined;
    let widest = 0;
    for (let i = 0; i < size; i++) widest = Math.max(widest, this.#gaps[i]! + this.#deltas[i]!);
    const targetError = widest / 2;
    return percentages.map((percentage) => {
      if (percentage <= this.relativeError || size === 1) return this.#values[0]!;
      if (percentage >= 1 - this.relativeError) return this.#values[size - 1]!;
      const rank = Math.ceil(percentage * this.#count);
      let least = this.#gaps[0]!;
      for (let i = 0; i < size - 1; i++) {
        if (least + this.#deltas[i]! - targetError <= rank && rank <= least + targetError) return this.#values[i]!;
        least += this.#gaps[i + 1]!;
      }
      return this.#values[size - 1]!;
    });
  }

  /** Spark's serialized digest: int threshold, double error, long count, int n, then n × (double, long, long). */
  serialize(): Uint8Array {
    if (!this.#compressed) this.#compress();
    const bytes = new Uint8Array(24 + this.#size * 24);
    const view = new DataView(bytes.buffer);
    view.setInt32(0, compressThreshold);
    view.setFloat64(4, this.relativeError);
    setLong(view, 12, this.#count);
    view.setInt32(20, this.#size);
    for (let i = 0, at = 24; i < this.#size; i++, at += 24) {
      view.setFloat64(at, this.#values[i]!);
      setLong(view, at + 8, this.#gaps[i]!);
      setLong(view, at + 16, this.#deltas[i]!);
    }
    return bytes;
  }

  static deserialize(bytes: Uint8Array): QuantileSummary {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const summary = new QuantileSummary(view.getFloat64(4));
    const size = view.getInt32(20);
    const next = summary.#allocate(size);
    for (let i = 0, at = 24; i < size; i++, at += 24) {
      next.values[i] = view.getFloat64(at);
      next.gaps[i] = getLong(view, at + 8);
      next.deltas[i] = getLong(view, at + 16);
    }
    summary.#install(next, size);
    summary.#count = getLong(view, 12);
    summary.#compressed = true;
    return summary;
  }
}

/** Counts stay below 2^53, so that they travel as two halves without a bigint. */
function setLong(view: DataView, at: number, value: number): void {
  view.setInt32(at, Math.floor(value / 4294967296));
  view.setUint32(at + 4, value >>> 0);
}
function getLong(view: DataView, at: number): number {
  return view.getInt32(at) * 4294967296 + view.getUint32(at + 4);
}

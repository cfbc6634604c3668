/**
 * AES (FIPS 197) in ECB, CBC and GCM mode (SP 800-38D) over bytes, for the SQL functions and for runtimes without
 * `node:crypto`. Tables are made on first use.
 */

interface Tables {
  readonly box: Uint8Array;
  readonly inverse: Uint8Array;
  /** What a byte in the first row of a column becomes in a round: substituted and mixed. */
  readonly mixed: Int32Array;
}
let tables: Tables | undefined;
function tablesOf(): Tables {
  if (tables !== undefined) return tables;
  const box = new Uint8Array(256);
  const inverse = new Uint8Array(256);
  let p = 1;
  let q = 1;
  do {
    // p runs through all elements but 0 as powers of 3, q through their inverses.
    p ^= ((p << 1) ^ (p & 0x80 ? 0x11b : 0)) & 0xff;
    q ^= q << 1;
    q ^= q << 2;
    q ^= q << 4;
    q &= 0xff;
    if (q & 0x80) q ^= 0x09;
    const turned = q ^ ((q << 1) | (q >> 7)) ^ ((q << 2) | (q >> 6)) ^ ((q << 3) | (q >> 5)) ^ ((q << 4) | (q >> 4));
    box[p] = (turned ^ 0x63) & 0xff;
  } while (p !== 1);
  box[0] = 0x63;
  box.forEach((value, i) => (inverse[value] = i));
  const mixed = Int32Array.from(box, (s) => (double(s) << 24) | (s << 16) | (s << 8) | (double(s) ^ s));
  return (tables = { box, inverse, mixed });
}
const double = (x: number): number => ((x << 1) ^ (x & 0x80 ? 0x1b : 0)) & 0xff;

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}
function putWord(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}
/** A column after a round, of the columns that its rows are shifted in from. */
function column(mixed: Int32Array, a: number, b: number, c: number, d: number): number {
  const second = mixed[(b >>> 16) & 0xff]!;
  const third = mixed[(c >>> 8) & 0xff]!;
  const fourth = mixed[d & 0xff]!;
  return (
    mixed[a >>> 24]! ^
    ((second >>> 8) | (second << 24)) ^
    ((third >>> 16) | (third << 16)) ^
    ((fourth >>> 24) | (fourth << 8))
  );
}
/** A column after the last round, which does not mix. */
function substituted(box: Uint8Array, a: number, b: number, c: number, d: number): number {
  return (box[a >>> 24]! << 24) | (box[(b >>> 16) & 0xff]! << 16) | (box[(c >>> 8) & 0xff]! << 8) | box[d & 0xff]!;
}

const blockSize = 16;

/** One key; works on one block at a time, in place. */
class BlockCipher {
  readonly #round: Uint8Array;
  /** The same as words. */
  readonly #words: Int32Array;
  readonly #rounds: number;

  /** @param key 16, 24 or 32 bytes */
  constructor(key: Uint8Array) {
    const { box } = tablesOf();
    const words = key.length / 4;
    this.#rounds = words + 6;
    const out = new Uint8Array((this.#rounds + 1) * blockSize);
    out.set(key);
    let constant = 1;
    for (let i = key.length; i < out.length; i += 4) {
      let [a, b, c, d] = out.subarray(i - 4, i) as unknown as [number, number, number, number];
      if ((i / 4) % words === 0) {
        [a, b, c, d] = [box[b]! ^ constant, box[c]!, box[d]!, box[a]!];
        constant = double(constant);
      } else if (words > 6 && (i / 4) % words === 4) [a, b, c, d] = [box[a]!, box[b]!, box[c]!, box[d]!];
      [a, b, c, d].forEach((value, k) => (out[i + k] = out[i + k - key.length]! ^ value));
    }
    this.#round = out;
    this.#words = Int32Array.from({ length: out.length / 4 }, (_, i) => word(out, 4 * i));
  }

  #addKey(block: Uint8Array, round: number): void {
    for (let i = 0; i < blockSize; i++) block[i]! ^= this.#round[round * blockSize + i]!;
  }
  encrypt(block: Uint8Array): void {
    const { box, mixed } = tablesOf();
    const words = this.#words;
    let [s0, s1, s2, s3] = [word(block, 0), word(block, 4), word(block, 8), word(block, 12)];
    s0 ^= words[0]!;
    s1 ^= words[1]!;
    s2 ^= words[2]!;
    s3 ^= words[3]!;
    let k = 4;
    for (let round = 1; round < this.#rounds; round++, k += 4) {
      const t0 = column(mixed, s0, s1, s2, s3) ^ words[k]!;
      const t1 = column(mixed, s1, s2, s3, s0) ^ words[k + 1]!;
      const t2 = column(mixed, s2, s3, s0, s1) ^ words[k + 2]!;
      s3 = column(mixed, s3, s0, s1, s2) ^ words[k + 3]!;
      s0 = t0;
      s1 = t1;
      s2 = t2;
    }
    putWord(block, 0, substituted(box, s0, s1, s2, s3) ^ words[k]!);
    putWord(block, 4, substituted(box, s1, s2, s3, s0) ^ words[k + 1]!);
    putWord(block, 8, substituted(box, s2, s3, s0, s1) ^ words[k + 2]!);
    putWord(block, 12, substituted(box, s3, s0, s1, s2) ^ words[k + 3]!);
  }
  decrypt(block: Uint8Array): void {
    const { inverse } = tablesOf();
    const moved = new Uint8Array(blockSize);
    for (let round = this.#rounds; round > 0; round--) {
      this.#addKey(block, round);
      if (round < this.#rounds)
        for (let c = 0; c < blockSize; c += 4) {
          const [s0, s1, s2, s3] = [block[c]!, block[c + 1]!, block[c + 2]!, block[c + 3]!];
          // The inverse mix is the mix after one more step on pairs.
          const u = double(double(s0 ^ s2));
          const v = double(double(s1 ^ s3));
          const [t0, t1, t2, t3] = [s0 ^ u, s1 ^ v, s2 ^ u, s3 ^ v];
          const all = t0 ^ t1 ^ t2 ^ t3;
          block[c] = t0 ^ all ^ double(t0 ^ t1);
          block[c + 1] = t1 ^ all ^ double(t1 ^ t2);
          block[c + 2] = t2 ^ all ^ double(t2 ^ t3);
          block[c + 3] = t3 ^ all ^ double(t3 ^ t0);
        }
      for (let i = 0; i < blockSize; i++) moved[(i + 4 * (i & 3)) & 15] = inverse[block[i]!]!;
      block.set(moved);
    }
    this.#addKey(block, 0);
  }
}

/** The text filled up to whole blocks with bytes that tell their number (PKCS #7). */
function padded(text: Uint8Array): Uint8Array {
  const missing = blockSize - (text.length % blockSize);
  const out = new Uint8Array(text.length + missing).fill(missing);
  out.set(text);
  return out;
}
function unpadded(bytes: Uint8Array): Uint8Array | undefined {
  const missing = bytes.at(-1) ?? 0;
  if (missing < 1 || missing > blockSize) return undefined;
  for (let i = bytes.length - missing; i < bytes.length; i++) if (bytes[i] !== missing) return undefined;
  return bytes.slice(0, bytes.length - missing);
}

/** ECB without a vector, CBC with one of 16 bytes; with PKCS padding. */
export function encryptBlocks(key: Uint8Array, vector: Uint8Array | undefined, text: Uint8Array): Uint8Array {
  const cipher = new BlockCipher(key);
  const out = padded(text);
  let before = vector;
  for (let at = 0; at < out.length; at += blockSize) {
    const block = out.subarray(at, at + blockSize);
    if (before !== undefined) for (let i = 0; i < blockSize; i++) block[i]! ^= before[i]!;
    cipher.encrypt(block);
    if (vector !== undefined) before = block;
  }
  return out;
}
/** Undefined when the length or the padding is wrong. */
export function decryptBlocks(
  key: Uint8Array,
  vector: Uint8Array | undefined,
  bytes: Uint8Array,
): Uint8Array | undefined {
  if (bytes.length === 0 || bytes.length % blockSize !== 0) return undefined;
  const cipher = new BlockCipher(key);
  const out = bytes.slice();
  for (let at = 0; at < out.length; at += blockSize) {
    const block = out.subarray(at, at + blockSize);
    cipher.decrypt(block);
    if (vector === undefined) continue;
    const before = at === 0 ? vector : bytes.subarray(at - blockSize, at);
    for (let i = 0; i < blockSize; i++) block[i]! ^= before[i]!;
  }
  return unpadded(out);
}

/** The remainders of four bits that are shifted out of an element of GF(2^128), in GCM's order of bits. */
const remainders: readonly number[] = [
  0x0000, 0x1c20, 0x3840, 0x2460, 0x7080, 0x6ca0, 0x48c0, 0x54e0, 0xe100, 0xfd20, 0xd940, 0xc560, 0x9180, 0x8da0,
  0xa9c0, 0xb5e0,
];

/** GCM's hash of blocks: sums that are multiplied by one element of GF(2^128), four bits at a time. */
class GaloisHash {
  /** The multiples of the element by four bits, as four words each. */
  readonly #multiples = new Int32Array(64);
  readonly #sum = new Uint8Array(blockSize);

  constructor(element: Uint8Array) {
    const multiples = this.#multiples;
    let [a, b, c, d] = [word(element, 0), word(element, 4), word(element, 8), word(element, 12)];
    for (let at = 8; at > 0; at >>= 1) {
      multiples.set([a, b, c, d], 4 * at);
      const carry = d & 1;
      d = (d >>> 1) | (c << 31);
      c = (c >>> 1) | (b << 31);
      b = (b >>> 1) | (a << 31);
      a = (a >>> 1) ^ (carry === 1 ? 0xe1000000 : 0);
    }
    for (let high = 2; high < 16; high <<= 1) {
      for (let low = 1; low < high; low++) {
        for (let i = 0; i < 4; i++)
          multiples[4 * (high + low) + i] = multiples[4 * high + i]! ^ multiples[4 * low + i]!;
      }
    }
  }

  /** Adds bytes, the last block filled up with zeros. */
  add(bytes: Uint8Array): void {
    const sum = this.#sum;
    for (let at = 0; at < bytes.length; at += blockSize) {
      const end = Math.min(blockSize, bytes.length - at);
      for (let i = 0; i < end; i++) sum[i]! ^= bytes[at + i]!;
      this.#multiply();
    }
  }
  #multiply(): void {
    const sum = this.#sum;
    const multiples = this.#multiples;
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let half = 31; half >= 0; half--) {
      const byte = sum[half >> 1]!;
      const at = 4 * ((half & 1) === 1 ? byte & 15 : byte >> 4);
      const rest = remainders[d & 15]!;
      d = ((d >>> 4) | (c << 28)) ^ multiples[at + 3]!;
      c = ((c >>> 4) | (b << 28)) ^ multiples[at + 2]!;
      b = ((b >>> 4) | (a << 28)) ^ multiples[at + 1]!;
      a = (a >>> 4) ^ (rest << 16) ^ multiples[at]!;
    }
    putWord(sum, 0, a);
    putWord(sum, 4, b);
    putWord(sum, 8, c);
    putWord(sum, 12, d);
  }
  get bytes(): Uint8Array {
    return this.#sum;
  }
}

export const tagSize = 16;
/** GCM: the keystream over `text`, and the tag over the encrypted bytes and what is authenticated with them. */
class Gcm {
  readonly #cipher: BlockCipher;
  readonly #counter = new Uint8Array(blockSize);
  constructor(key: Uint8Array, vector: Uint8Array) {
    this.#cipher = new BlockCipher(key);
    this.#counter.set(vector);
  }
  #keyBlock(count: number): Uint8Array {
    const block = this.#counter.slice();
    new DataView(block.buffer).setUint32(12, count);
    this.#cipher.encrypt(block);
    return block;
  }
  apply(text: Uint8Array): Uint8Array {
    const out = text.slice();
    for (let at = 0, count = 2; at < out.length; at += blockSize, count++) {
      const block = this.#keyBlock(count);
      for (let i = at; i < Math.min(at + blockSize, out.length); i++) out[i]! ^= block[i - at]!;
    }
    return out;
  }
  tag(encrypted: Uint8Array, authenticated: Uint8Array): Uint8Array {
    const zero = new Uint8Array(blockSize);
    this.#cipher.encrypt(zero);
    const hash = new GaloisHash(zero);
    hash.add(authenticated);
    hash.add(encrypted);
    const sizes = new DataView(new ArrayBuffer(blockSize));
    sizes.setBigUint64(0, BigInt(authenticated.length) * 8n);
    sizes.setBigUint64(8, BigInt(encrypted.length) * 8n);
    hash.add(new Uint8Array(sizes.buffer));
    const out = this.#keyBlock(1);
    hash.bytes.forEach((byte, i) => (out[i]! ^= byte));
    return out;
  }
}

/** The encrypted bytes with the tag behind them. @param vector 12 bytes */
export function encryptGcm(
  key: Uint8Array,
  vector: Uint8Array,
  text: Uint8Array,
  authenticated: Uint8Array,
): Uint8Array {
  const gcm = new Gcm(key, vector);
  const out = new Uint8Array(text.length + tagSize);
  const encrypted = gcm.apply(text);
  out.set(encrypted);
  out.set(gcm.tag(encrypted, authenticated), text.length);
  return out;
}
/** Undefined when the tag is not that of the bytes. */
export function decryptGcm(
  key: Uint8Array,
  vector: Uint8Array,
  bytes: Uint8Array,
  authenticated: Uint8Array,
): Uint8Array | undefined {
  if (bytes.length < tagSize) return undefined;
  const encrypted = bytes.subarray(0, bytes.length - tagSize);
  const gcm = new Gcm(key, vector);
  const wanted = gcm.tag(encrypted, authenticated);
  let difference = 0;
  for (let i = 0; i < tagSize; i++) difference |= wanted[i]! ^ bytes[encrypted.length + i]!;
  return difference === 0 ? gcm.apply(encrypted) : undefined;
}

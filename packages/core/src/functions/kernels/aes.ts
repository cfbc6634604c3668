/** AES (FIPS 197) in ECB, CBC and GCM mode (SP 800-38D) over bytes. Tables are made on first use. */

interface Tables {
  readonly box: Uint8Array;
  readonly inverse: Uint8Array;
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
  return (tables = { box, inverse });
}
const double = (x: number): number => ((x << 1) ^ (x & 0x80 ? 0x1b : 0)) & 0xff;

const blockSize = 16;

/** One key; works on one block at a time, in place. */
class BlockCipher {
  readonly #round: Uint8Array;
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
  }

  #addKey(block: Uint8Array, round: number): void {
    for (let i = 0; i < blockSize; i++) block[i]! ^= this.#round[round * blockSize + i]!;
  }
  encrypt(block: Uint8Array): void {
    const { box } = tablesOf();
    const moved = new Uint8Array(blockSize);
    this.#addKey(block, 0);
    for (let round = 1; round <= this.#rounds; round++) {
      for (let i = 0; i < blockSize; i++) moved[i] = box[block[(i + 4 * (i & 3)) & 15]!]!;
      for (let c = 0; c < blockSize; c += 4) {
        const [s0, s1, s2, s3] = [moved[c]!, moved[c + 1]!, moved[c + 2]!, moved[c + 3]!];
        const all = round === this.#rounds ? 0 : s0 ^ s1 ^ s2 ^ s3;
        const mix = round === this.#rounds ? 0 : 1;
        block[c] = s0 ^ all ^ (mix * double(s0 ^ s1));
        block[c + 1] = s1 ^ all ^ (mix * double(s1 ^ s2));
        block[c + 2] = s2 ^ all ^ (mix * double(s2 ^ s3));
        block[c + 3] = s3 ^ all ^ (mix * double(s3 ^ s0));
      }
      this.#addKey(block, round);
    }
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

/** Multiplies two elements of GF(2^128), bits in GCM's order; the result replaces `x`. */
function multiply(x: Uint32Array, h: Uint32Array): void {
  const v = h.slice();
  let [z0, z1, z2, z3] = [0, 0, 0, 0];
  for (let i = 0; i < 128; i++) {
    if ((x[i >> 5]! >>> (31 - (i & 31))) & 1) {
      z0 ^= v[0]!;
      z1 ^= v[1]!;
      z2 ^= v[2]!;
      z3 ^= v[3]!;
    }
    const carry = v[3]! & 1;
    v[3] = (v[3]! >>> 1) | (v[2]! << 31);
    v[2] = (v[2]! >>> 1) | (v[1]! << 31);
    v[1] = (v[1]! >>> 1) | (v[0]! << 31);
    v[0] = v[0]! >>> 1;
    if (carry) v[0] ^= 0xe1000000;
  }
  x.set([z0, z1, z2, z3]);
}
function wordsOf(block: Uint8Array): Uint32Array {
  const view = new DataView(block.buffer, block.byteOffset, block.length);
  return Uint32Array.from({ length: 4 }, (_, i) => view.getUint32(i * 4));
}

const tagSize = 16;
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
    const h = wordsOf(zero);
    const hash = new Uint32Array(4);
    const add = (block: Uint8Array): void => {
      wordsOf(block).forEach((word, i) => (hash[i]! ^= word));
      multiply(hash, h);
    };
    for (const part of [authenticated, encrypted])
      for (let at = 0; at < part.length; at += blockSize) {
        const block = new Uint8Array(blockSize);
        block.set(part.subarray(at, at + blockSize));
        add(block);
      }
    const sizes = new DataView(new ArrayBuffer(blockSize));
    sizes.setBigUint64(0, BigInt(authenticated.length) * 8n);
    sizes.setBigUint64(8, BigInt(encrypted.length) * 8n);
    add(new Uint8Array(sizes.buffer));
    const out = this.#keyBlock(1);
    hash.forEach((word, i) => {
      for (let k = 0; k < 4; k++) out[i * 4 + k]! ^= (word >>> (24 - k * 8)) & 0xff;
    });
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

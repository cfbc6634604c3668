/** MD5, SHA-1, SHA-2 and CRC-32 over byte ranges, each as plain 32-bit arithmetic. */

/** A message with the padding of the MD4 family: 0x80, zeros, the length in bits at the end. */
function padded(bytes: Uint8Array, start: number, end: number, block: 64 | 128, littleEndian: boolean): DataView {
  const size = end - start;
  const tail = block === 64 ? 8 : 16;
  const total = Math.ceil((size + 1 + tail) / block) * block;
  const out = new Uint8Array(total);
  out.set(bytes.subarray(start, end));
  out[size] = 0x80;
  const view = new DataView(out.buffer);
  const low = (size << 3) >>> 0;
  const high = Math.floor(size / 2 ** 29);
  view.setUint32(total - 8, littleEndian ? low : high, littleEndian);
  view.setUint32(total - 4, littleEndian ? high : low, littleEndian);
  return view;
}
const rotate = (x: number, n: number): number => (x << n) | (x >>> (32 - n));

const md5Shifts = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
const md5Sines = Int32Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32) | 0);

export function md5(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const view = padded(bytes, start, end, 64, true);
  let a0 = 0x67452301;
  let b0 = 0xefcdab89 | 0;
  let c0 = 0x98badcfe | 0;
  let d0 = 0x10325476;
  for (let at = 0; at < view.byteLength; at += 64) {
    let a = a0;
    let b = b0;
    let c = c0;
    let d = d0;
    for (let i = 0; i < 64; i++) {
      const round = i >> 4;
      const mixed =
        round === 0 ? (b & c) | (~b & d) : round === 1 ? (d & b) | (~d & c) : round === 2 ? b ^ c ^ d : c ^ (b | ~d);
      const word = round === 0 ? i : round === 1 ? (5 * i + 1) & 15 : round === 2 ? (3 * i + 5) & 15 : (7 * i) & 15;
      const sum = (a + mixed + md5Sines[i]! + view.getInt32(at + word * 4, true)) | 0;
      a = d;
      d = c;
      c = b;
      b = (b + rotate(sum, md5Shifts[round * 4 + (i & 3)]!)) | 0;
    }
    a0 = (a0 + a) | 0;
    b0 = (b0 + b) | 0;
    c0 = (c0 + c) | 0;
    d0 = (d0 + d) | 0;
  }
  return wordBytes([a0, b0, c0, d0], true);
}

function wordBytes(words: ArrayLike<number>, littleEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(words.length * 4));
  for (let i = 0; i < words.length; i++) view.setInt32(i * 4, words[i]!, littleEndian);
  return new Uint8Array(view.buffer);
}

const sha1Schedule = new Int32Array(80);
export function sha1(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const view = padded(bytes, start, end, 64, false);
  const state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0);
  const w = sha1Schedule;
  for (let at = 0; at < view.byteLength; at += 64) {
    for (let i = 0; i < 16; i++) w[i] = view.getInt32(at + i * 4);
    for (let i = 16; i < 80; i++) w[i] = rotate(w[i - 3]! ^ w[i - 8]! ^ w[i - 14]! ^ w[i - 16]!, 1);
    let [a, b, c, d, e] = state as unknown as [number, number, number, number, number];
    for (let i = 0; i < 80; i++) {
      const mixed = i < 20 ? (b & c) | (~b & d) : i < 40 || i >= 60 ? b ^ c ^ d : (b & c) | (b & d) | (c & d);
      const constant = i < 20 ? 0x5a827999 : i < 40 ? 0x6ed9eba1 : i < 60 ? 0x8f1bbcdc : 0xca62c1d6;
      const next = (rotate(a, 5) + mixed + e + constant + w[i]!) | 0;
      e = d;
      d = c;
      c = rotate(b, 30);
      b = a;
      a = next;
    }
    state[0]! += a;
    state[1]! += b;
    state[2]! += c;
    state[3]! += d;
    state[4]! += e;
  }
  return wordBytes(state, false);
}

/** The constants of SHA-2: 64 bits of the fractions of roots of the first primes, as pairs of words, high word first. */
interface Sha2Constants {
  readonly cubes: Int32Array;
  readonly squares: Int32Array;
}
let sha2Constants: Sha2Constants | undefined;
function constantsOfSha2(): Sha2Constants {
  if (sha2Constants !== undefined) return sha2Constants;
  const primes: bigint[] = [];
  for (let n = 2n; primes.length < 80; n++) if (primes.every((p) => n % p !== 0n)) primes.push(n);
  return (sha2Constants = { cubes: wordsOf(primes, 3n), squares: wordsOf(primes.slice(0, 16), 2n) });
}
function wordsOf(primes: readonly bigint[], degree: bigint): Int32Array {
  const out = new Int32Array(primes.length * 2);
  primes.forEach((prime, i) => {
    const fraction = BigInt.asUintN(64, rootOf(prime << (64n * degree), degree));
    out[i * 2] = Number(fraction >> 32n);
    out[i * 2 + 1] = Number(BigInt.asUintN(32, fraction));
  });
  return out;
}
/** Whole part of a root, by bisection. */
function rootOf(value: bigint, degree: bigint): bigint {
  let low = 0n;
  let high = 1n << 70n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** degree <= value) low = middle;
    else high = middle;
  }
  return low;
}

const sha256Schedule = new Int32Array(64);
function sha256Blocks(view: DataView, state: Int32Array, cubes: Int32Array): Uint8Array {
  const w = sha256Schedule;
  for (let at = 0; at < view.byteLength; at += 64) {
    for (let i = 0; i < 16; i++) w[i] = view.getInt32(at + i * 4);
    for (let i = 16; i < 64; i++) {
      const x = w[i - 15]!;
      const y = w[i - 2]!;
      const s0 = rotate(x, 25) ^ rotate(x, 14) ^ (x >>> 3);
      const s1 = rotate(y, 15) ^ rotate(y, 13) ^ (y >>> 10);
      w[i] = w[i - 16]! + s0 + w[i - 7]! + s1;
    }
    let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number];
    for (let i = 0; i < 64; i++) {
      const s1 = rotate(e, 26) ^ rotate(e, 21) ^ rotate(e, 7);
      const first = (h + s1 + ((e & f) ^ (~e & g)) + cubes[i * 2]! + w[i]!) | 0;
      const s0 = rotate(a, 30) ^ rotate(a, 19) ^ rotate(a, 10);
      const second = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + first) | 0;
      d = c;
      c = b;
      b = a;
      a = (first + second) | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((word, i) => (state[i]! += word));
  }
  return wordBytes(state, false);
}

/** Words of 64 bits as pairs of 32-bit halves: the schedule, and the eight registers of a round. */
const sha512Schedule = new Int32Array(160);
const registers = new Int32Array(16);
const carry = (low: number): number => (low >= 2 ** 32 ? Math.floor(low / 2 ** 32) : 0);

function sha512Blocks(view: DataView, state: Int32Array, cubes: Int32Array): Uint8Array {
  const w = sha512Schedule;
  const r = registers;
  for (let at = 0; at < view.byteLength; at += 128) {
    for (let i = 0; i < 32; i++) w[i] = view.getInt32(at + i * 4);
    for (let i = 32; i < 160; i += 2) {
      const xh = w[i - 30]!;
      const xl = w[i - 29]!;
      const yh = w[i - 4]!;
      const yl = w[i - 3]!;
      const s0h = ((xh >>> 1) | (xl << 31)) ^ ((xh >>> 8) | (xl << 24)) ^ (xh >>> 7);
      const s0l = ((xl >>> 1) | (xh << 31)) ^ ((xl >>> 8) | (xh << 24)) ^ ((xl >>> 7) | (xh << 25));
      const s1h = ((yh >>> 19) | (yl << 13)) ^ ((yl >>> 29) | (yh << 3)) ^ (yh >>> 6);
      const s1l = ((yl >>> 19) | (yh << 13)) ^ ((yh >>> 29) | (yl << 3)) ^ ((yl >>> 6) | (yh << 26));
      const low = (w[i - 31]! >>> 0) + (s0l >>> 0) + (w[i - 13]! >>> 0) + (s1l >>> 0);
      w[i + 1] = low;
      w[i] = w[i - 32]! + s0h + w[i - 14]! + s1h + carry(low);
    }
    r.set(state);
    for (let i = 0; i < 160; i += 2) {
      const ah = r[0]!;
      const al = r[1]!;
      const eh = r[8]!;
      const el = r[9]!;
      const s1h = ((eh >>> 14) | (el << 18)) ^ ((eh >>> 18) | (el << 14)) ^ ((el >>> 9) | (eh << 23));
      const s1l = ((el >>> 14) | (eh << 18)) ^ ((el >>> 18) | (eh << 14)) ^ ((eh >>> 9) | (el << 23));
      const chooseHigh = (eh & r[10]!) ^ (~eh & r[12]!);
      const chooseLow = (el & r[11]!) ^ (~el & r[13]!);
      const firstLow = (r[15]! >>> 0) + (s1l >>> 0) + (chooseLow >>> 0) + (cubes[i + 1]! >>> 0) + (w[i + 1]! >>> 0);
      const firstHigh = (r[14]! + s1h + chooseHigh + cubes[i]! + w[i]! + carry(firstLow)) | 0;
      const s0h = ((ah >>> 28) | (al << 4)) ^ ((al >>> 2) | (ah << 30)) ^ ((al >>> 7) | (ah << 25));
      const s0l = ((al >>> 28) | (ah << 4)) ^ ((ah >>> 2) | (al << 30)) ^ ((ah >>> 7) | (al << 25));
      const majorHigh = (ah & r[2]!) ^ (ah & r[4]!) ^ (r[2]! & r[4]!);
      const majorLow = (al & r[3]!) ^ (al & r[5]!) ^ (r[3]! & r[5]!);
      const secondLow = (s0l >>> 0) + (majorLow >>> 0);
      const secondHigh = (s0h + majorHigh + carry(secondLow)) | 0;
      const dh = r[6]!;
      const dl = r[7]!;
      r.copyWithin(2, 0, 14);
      const eLow = (dl >>> 0) + ((firstLow | 0) >>> 0);
      r[9] = eLow;
      r[8] = dh + firstHigh + carry(eLow);
      const aLow = ((firstLow | 0) >>> 0) + ((secondLow | 0) >>> 0);
      r[1] = aLow;
      r[0] = firstHigh + secondHigh + carry(aLow);
    }
    for (let i = 0; i < 16; i += 2) {
      const low = (state[i + 1]! >>> 0) + (r[i + 1]! >>> 0);
      state[i + 1] = low;
      state[i]! += r[i]! + carry(low);
    }
  }
  return wordBytes(state, false);
}

/** SHA-224, -256, -384 or -512 (0 stands for 256); undefined for another number of bits. */
export function sha2(bytes: Uint8Array, start: number, end: number, bits: number): Uint8Array | undefined {
  const { cubes, squares } = constantsOfSha2();
  const pick = (from: number, step: number): Int32Array =>
    Int32Array.from({ length: 8 }, (_, i) => squares[from + i * step]!);
  switch (bits) {
    case 0:
    case 256:
      return sha256Blocks(padded(bytes, start, end, 64, false), pick(0, 2), cubes);
    case 224:
      return sha256Blocks(padded(bytes, start, end, 64, false), pick(17, 2), cubes).subarray(0, 28);
    case 384:
      return sha512Blocks(padded(bytes, start, end, 128, false), squares.slice(16, 32), cubes).subarray(0, 48);
    case 512:
      return sha512Blocks(padded(bytes, start, end, 128, false), squares.slice(0, 16), cubes);
    default:
      return undefined;
  }
}

const crcTable = Int32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});
/** CRC-32 of zlib, as an unsigned number. */
export function crc32(bytes: Uint8Array, start: number, end: number): number {
  let c = -1;
  for (let i = start; i < end; i++) c = crcTable[(c ^ bytes[i]!) & 0xff]! ^ (c >>> 8);
  return ~c >>> 0;
}

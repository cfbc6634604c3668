/** The table in which the JSON kernel looks up keys: open addressing, with as many names as possible at their own place. */

/**
 * First 16 bytes of a name, length (-1: empty), column, address of the name, and 1 when the first bytes do not decide. An
 * empty entry has the column behind the last.
 */
export const entryBytes: number = 32;
const firstMultiplier = 0x9e3779b97f4a7c15n;
/** Names that are hashed to find a good multiplier. */
const attempts = 256;

/** Entries of the table for so many names. */
export function tableEntries(names: number): number {
  let entries = 16;
  while (entries < names * 4) entries *= 2;
  return entries;
}

/**
 * Writes the table to `tableAt` and the names to `namesAt`; name k has column k * columnRows.
 * @returns what the kernel must multiply with to find a name's place
 */
export function writeNames(
  names: readonly Uint8Array[],
  columnRows: number,
  buffer: ArrayBuffer,
  tableAt: number,
  entries: number,
  namesAt: number,
): bigint {
  const words = names.map(firstWords);
  let multiplier = firstMultiplier;
  let best = { multiplier, places: new Set(words.map((word) => placeOf(word, multiplier, entries))).size };
  for (let hashed = names.length; best.places < names.length && hashed < attempts; hashed += names.length) {
    multiplier = BigInt.asUintN(64, multiplier * firstMultiplier);
    const places = new Set(words.map((word) => placeOf(word, multiplier, entries))).size;
    if (places > best.places) best = { multiplier, places };
  }
  const memory = new Uint8Array(buffer);
  const table = new DataView(buffer, tableAt, entries * entryBytes);
  for (let place = 0; place < entries; place++) {
    table.setInt32(place * entryBytes + 16, -1, true);
    table.setInt32(place * entryBytes + 20, names.length * columnRows, true);
    table.setInt32(place * entryBytes + 28, 0, true);
  }
  let at = namesAt;
  for (const [k, name] of names.entries()) {
    memory.set(name, at);
    let place = placeOf(words[k]!, best.multiplier, entries);
    if (name.length > 16 || name.at(-1) === 0) table.setInt32(place * entryBytes + 28, 1, true);
    while (table.getInt32(place * entryBytes + 16, true) >= 0) {
      table.setInt32(place * entryBytes + 28, 1, true);
      place = (place + 1) % entries;
    }
    const entry = place * entryBytes;
    table.setBigUint64(entry, words[k]![0], true);
    table.setBigUint64(entry + 8, words[k]![1], true);
    table.setInt32(entry + 16, name.length, true);
    table.setInt32(entry + 20, k * columnRows, true);
    table.setInt32(entry + 24, at, true);
    at += name.length;
  }
  return best.multiplier;
}

/** The first 16 bytes, zero behind the end. */
function firstWords(name: Uint8Array): readonly [bigint, bigint] {
  const first = new Uint8Array(16);
  first.set(name.subarray(0, 16));
  const view = new DataView(first.buffer);
  return [view.getBigUint64(0, true), view.getBigUint64(8, true)];
}

/** As the kernel has it. */
function placeOf([low, high]: readonly [bigint, bigint], multiplier: bigint, entries: number): number {
  const rotated = (high << 23n) | (high >> 41n);
  return Number((BigInt.asUintN(64, (low ^ rotated) * multiplier) >> 45n) & BigInt(entries - 1));
}

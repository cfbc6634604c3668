/**
 * Strings that many batches point to and that do not change, such as the columns of a join's side that lies in memory:
 * who meets them can tell them by where they lie.
 */
import { BytesKeyTable } from "./bytes-key-table.ts";
import { bitAt } from "./validity.ts";
import type { BytesVector, Vector } from "./vector.ts";

const lasting = new WeakSet<Uint8Array>();

/** In longer columns equal strings are not looked for. */
const mostShared = 1 << 16;

/**
 * The same values, which must not change as long as they are in use. Where strings are repeated, equal ones lie at one
 * place.
 */
export function lastingStrings(vector: Vector): Vector {
  if (vector.kind !== "bytes") return vector;
  const result = vector.length <= mostShared ? sharing(vector) : vector;
  lasting.add(result.bytes);
  return result;
}

/** Whether strings in these bytes may be told by where they lie, from one batch to the next. */
export function areLasting(bytes: Uint8Array): boolean {
  return lasting.has(bytes);
}

function sharing(vector: BytesVector): BytesVector {
  const { length, validity } = vector;
  const numbers = new Int32Array(length);
  const table = BytesKeyTable.acquire();
  table.assign(vector, length, numbers, { nulls: "skip", missing: "insert" });
  const distinct = table.count;
  const keys = table.keys(vector.type, 0, distinct);
  table.release();
  if (2 * distinct > length || keys.kind !== "bytes") return vector;
  const starts = new Int32Array(length);
  const ends = new Int32Array(length);
  for (let i = 0; i < length; i++) {
    if (validity !== null && !bitAt(validity, i)) continue;
    starts[i] = keys.starts[numbers[i]!]!;
    ends[i] = keys.ends[numbers[i]!]!;
  }
  return { ...vector, bytes: keys.bytes, starts, ends };
}

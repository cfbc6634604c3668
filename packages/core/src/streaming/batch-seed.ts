const offsetBasis = 0xcbf29ce484222325n;
const prime = 0x100000001b3n;

/** Seed of a batch's random functions: the 64-bit FNV-1a hash of query id and batch id, so that a replay draws the same. */
export function batchSeed(queryId: string, batchId: number): bigint {
  let hash = offsetBasis;
  for (const character of `${queryId}/${batchId}`) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(character.charCodeAt(0))) * prime);
  }
  return BigInt.asIntN(64, hash);
}

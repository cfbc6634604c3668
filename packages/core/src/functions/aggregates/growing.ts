/** Typed arrays that grow with the number of groups. */

export function grownFloats(array: Float64Array, size: number): Float64Array {
  if (array.length >= size) return array;
  const larger = new Float64Array(Math.max(size, array.length * 2, 64));
  larger.set(array);
  return larger;
}
export function grownLongs(array: BigInt64Array, size: number): BigInt64Array {
  if (array.length >= size) return array;
  const larger = new BigInt64Array(Math.max(size, array.length * 2, 64));
  larger.set(array);
  return larger;
}
export function grownFlags(array: Uint8Array, size: number): Uint8Array {
  if (array.length >= size) return array;
  const larger = new Uint8Array(Math.max(size, array.length * 2, 64));
  larger.set(array);
  return larger;
}

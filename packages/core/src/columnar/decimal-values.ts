/** Reading and writing the 128-bit unscaled values of decimal columns (low half at 2i, high half at 2i + 1). */

/** The unscaled value at row `i`. */
export function readDecimal(values: BigInt64Array, i: number): bigint {
  const low = values[2 * i]!;
  const high = values[2 * i + 1]!;
  // Most decimals fit 64 bits: then the high half is only the sign of the low one.
  return high === low >> 63n ? low : (high << 64n) | BigInt.asUintN(64, low);
}

/** Writes an unscaled value (−2^127 … 2^127 − 1) at row `i`. */
export function writeDecimal(values: BigInt64Array, i: number, unscaled: bigint): void {
  values[2 * i] = BigInt.asIntN(64, unscaled);
  values[2 * i + 1] = BigInt.asIntN(64, unscaled >> 64n);
}

/** The same memory as 32-bit words, four to a value, the lowest first. */
export function decimalWords(values: BigInt64Array): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
}

/** Decimal notation of an unscaled value, always with `scale` digits after the point: (−1205, 2) → "-12.05". */
export function formatDecimal(unscaled: bigint, scale: number): string {
  if (scale === 0) return unscaled.toString();
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, "0");
  const point = digits.length - scale;
  return `${unscaled < 0n ? "-" : ""}${digits.slice(0, point)}.${digits.slice(point)}`;
}

const decimalPattern = /^\s*([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?\s*$/;

/**
 * The unscaled value of decimal notation ("12.5", "-1e3") at the given scale, rounded half up (away from zero) as Spark
 * does. `undefined` when the text is not a number or needs more than `precision` digits.
 */
export function parseDecimal(text: string, precision: number, scale: number): bigint | undefined {
  const match = decimalPattern.exec(text);
  if (match === null) return undefined;
  const whole = match[2] ?? "";
  const fraction = match[3] ?? "";
  if (whole.length + fraction.length === 0) return undefined;
  const digits = (whole + fraction).replace(/^0+/, "");
  if (digits.length === 0) return 0n;
  // Digits to append (or, if negative, to cut) to reach the wanted scale.
  const shift = scale - fraction.length + Number(match[4] ?? "0");
  if (digits.length + shift > precision) return undefined;
  let unscaled: bigint;
  if (shift >= 0) {
    unscaled = BigInt(digits) * 10n ** BigInt(shift);
  } else if (-shift > digits.length) {
    unscaled = 0n;
  } else {
    const kept = digits.length + shift;
    unscaled = BigInt(kept === 0 ? "0" : digits.slice(0, kept));
    if (digits.charCodeAt(kept) >= 0x35) unscaled += 1n;
    if (unscaled >= 10n ** BigInt(precision)) return undefined;
  }
  return match[1] === "-" ? -unscaled : unscaled;
}

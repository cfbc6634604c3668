/** TIME values: nanoseconds since midnight as text, from text, and cut to a precision. */
import { trimAll } from "./number-text.ts";

export const nanosPerSecond = 1_000_000_000n;
export const nanosPerDay: bigint = 86_400n * nanosPerSecond;

const units: readonly bigint[] = Array.from({ length: 10 }, (_, digits) => 10n ** BigInt(9 - digits));

/** The time with so many digits of the fraction of its second; the others are cut. */
export function cutToPrecision(nanos: bigint, precision: number): bigint {
  return nanos - (nanos % units[precision]!);
}

/** `12:34:56.5`: no fraction when it is zero, no zeros at its end. */
export function timeText(nanos: bigint): string {
  const two = (n: bigint): string => String(n).padStart(2, "0");
  const seconds = nanos / nanosPerSecond;
  const fraction = nanos % nanosPerSecond;
  const clock = `${two(seconds / 3600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}`;
  return fraction === 0n ? clock : `${clock}.${String(fraction).padStart(9, "0").replace(/0+$/, "")}`;
}

const grammar = /^T?(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d*))?)?(?:\s*([AP])M)?$/i;

/**
 * Nanoseconds of `[T]h[h]:m[m][:s[s][.fraction]][ AM|PM]`, cut to the precision; undefined when malformed.
 * @returns also how many digits the fraction has, at most nine
 */
export function parseTimeText(
  text: string,
  precision: number,
): { readonly nanos: bigint; readonly digits: number } | undefined {
  const match = grammar.exec(trimAll(text));
  if (match === null) return undefined;
  let hour = Number(match[1]);
  const [minute, second] = [Number(match[2]), Number(match[3] ?? 0)];
  const fraction = (match[4] ?? "").slice(0, 9);
  if (match[5] !== undefined) {
    const afternoon = match[5].toUpperCase() === "P";
    if (afternoon && hour < 12) hour += 12;
    else if (!afternoon && hour === 12) hour = 0;
  }
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const nanos = BigInt(hour * 3600 + minute * 60 + second) * nanosPerSecond + BigInt(fraction.padEnd(9, "0"));
  return { nanos: cutToPrecision(nanos, precision), digits: fraction.length };
}

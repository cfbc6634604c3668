/** Integers printed as bytes. */
import type { ByteResult } from "./bytes.ts";
import { numberOfInt64 } from "./int64.ts";

const billion = 1_000_000_000;

/** Writes a whole number within ±(2^53 − 1). */
export function writeInteger(result: ByteResult, value: number): void {
  result.begin();
  let rest = value;
  if (rest < 0) {
    result.appendByte(0x2d);
    rest = -rest;
  }
  if (rest < billion) {
    result.appendDigits(rest, 1);
    return;
  }
  const high = Math.floor(rest / billion);
  result.appendDigits(high, 1);
  result.appendDigits(rest - high * billion, 9);
}

/** Writes a BIGINT. */
export function writeLong(result: ByteResult, value: bigint): void {
  const nearest = numberOfInt64(value);
  if (Number.isSafeInteger(nearest)) {
    writeInteger(result, nearest);
  } else {
    result.begin();
    result.appendText(String(value));
  }
}

/**
 * Rows by second of a rate that grows linearly over a ramp-up time (Spark's `RateStreamProvider.valueAtSecond`): the
 * speed rises by rowsPerSecond / (rampUp + 1) every second and then stays.
 */
export class RampedRate {
  readonly #rowsPerSecond: number;
  readonly #rampUpSeconds: number;

  constructor(rowsPerSecond: number, rampUpSeconds: number) {
    this.#rowsPerSecond = rowsPerSecond;
    this.#rampUpSeconds = rampUpSeconds;
  }

  /** Rows of the first `seconds` seconds. */
  rowsUntil(seconds: number): number {
    const step = Math.floor(this.#rowsPerSecond / (this.#rampUpSeconds + 1));
    if (seconds <= this.#rampUpSeconds) return Math.floor((seconds * (seconds - 1)) / 2) * step;
    const ramped = Math.floor((this.#rampUpSeconds * (this.#rampUpSeconds - 1)) / 2) * step;
    return ramped + (seconds - this.#rampUpSeconds) * this.#rowsPerSecond;
  }
}

/** The distributions that make traffic look like people rather than a clock. */

/** Time between events that happen independently of one another, such as arrivals and clicks. */
export function exponential(mean: number): number {
  return -Math.log(1 - Math.random()) * mean;
}

/** Latencies: most near the median, a long tail of slow ones. `spread` 0.5 puts one in a hundred above 3 × the median. */
export function logNormal(median: number, spread: number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  return median * Math.exp(spread * normal);
}

export function chance(probability: number): boolean {
  return Math.random() < probability;
}

/** One of the choices, each as likely as its weight says. */
export function weighted<T>(choices: readonly (readonly [choice: T, weight: number])[]): T | undefined {
  let left = Math.random() * choices.reduce((sum, [, weight]) => sum + weight, 0);
  return choices.find(([, weight]) => (left -= weight) < 0)?.[0];
}

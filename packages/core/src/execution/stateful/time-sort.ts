/**
 * Sorts numbers that lie beside their times: `[from, middle)` is in order, `[middle, to)` is not. Equal times stay in the
 * order in which they are. Only what lies behind the earliest new time is moved.
 */
export function sortByTime(times: Float64Array, items: Int32Array, from: number, middle: number, to: number): void {
  sortRange(times, items, middle, to);
  // What lies before all new ones stays.
  const earliest = times[middle]!;
  let start = from;
  for (let end = middle; start < end;) {
    const at = (start + end) >>> 1;
    if (times[at]! <= earliest) start = at + 1;
    else end = at;
  }
  if (start < middle) merge(times, items, start, middle, to);
}

/** A stable sort: short stretches by insertion, then merged. */
function sortRange(times: Float64Array, items: Int32Array, from: number, to: number): void {
  const stretch = 16;
  for (let low = from; low < to; low += stretch) {
    const high = Math.min(low + stretch, to);
    for (let i = low + 1; i < high; i++) {
      const [time, item] = [times[i]!, items[i]!];
      let at = i;
      for (; at > low && times[at - 1]! > time; at--) {
        times[at] = times[at - 1]!;
        items[at] = items[at - 1]!;
      }
      times[at] = time;
      items[at] = item;
    }
  }
  for (let width = stretch; width < to - from; width *= 2) {
    for (let low = from; low + width < to; low += 2 * width) {
      merge(times, items, low, low + width, Math.min(low + 2 * width, to));
    }
  }
}

/** Merges the sorted ranges `[from, middle)` and `[middle, to)`, from behind; the second one is copied. */
function merge(times: Float64Array, items: Int32Array, from: number, middle: number, to: number): void {
  if (times[middle - 1]! <= times[middle]!) return;
  const laterTimes = times.slice(middle, to);
  const laterItems = items.slice(middle, to);
  let left = middle - 1;
  let right = to - middle - 1;
  for (let at = to - 1; right >= 0; at--) {
    if (left >= from && times[left]! > laterTimes[right]!) {
      times[at] = times[left]!;
      items[at] = items[left--]!;
    } else {
      times[at] = laterTimes[right]!;
      items[at] = laterItems[right--]!;
    }
  }
}

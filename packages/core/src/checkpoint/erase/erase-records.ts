/** State files without the records that hold a key. */
import type { StateRecord } from "../../state/state-file.ts";
import type { KeyMatcher } from "./key-matcher.ts";

export type StateFileKind = "delta" | "snapshot";

/** A state file as it was read. */
export interface StateFile {
  readonly version: number;
  readonly kind: StateFileKind;
  readonly records: readonly StateRecord[];
}

/** What was found in the files of a store. */
export class Findings {
  /** Records that went. */
  records = 0;
  /** Where the key stood. */
  readonly columns: Set<string> = new Set();
  /** Records that stay although the text stands in them, inside of a longer value. */
  inside = 0;

  add(column: string): void {
    this.records++;
    this.columns.add(column);
  }
}

/**
 * The records that are left; null when all are. In a delta, a value that holds the key becomes a removal, so that
 * an older value does not come back.
 */
export function eraseRecords(file: StateFile, matcher: KeyMatcher, findings: Findings): readonly StateRecord[] | null {
  const left: StateRecord[] = [];
  let changed = false;
  for (const record of file.records) {
    const { key, value } = record;
    const column = matcher.inKey(key) ?? (value === null ? null : matcher.inValue(value));
    if (column === null) {
      if (matcher.contains(key) || (value !== null && matcher.contains(value))) findings.inside++;
      left.push(record);
      continue;
    }
    changed = true;
    findings.add(column);
    if (file.kind === "delta" && column.startsWith("value")) left.push({ key, value: null });
  }
  return changed ? left : null;
}

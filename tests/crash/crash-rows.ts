/** Which rows of the fault table (tests/faults/fault-table.ts) a fault at a place of a run belongs to. */
import type { Fault, LoggedOperation } from "millrace/engine";

/** What a run made visible last before an operation, and the row of a crash right after it. */
const milestones: readonly { readonly row: string; readonly place: RegExp; readonly operations: readonly string[] }[] =
  [
    { row: "A2", place: /\/checkpoint\/sources\/\d+\/\d/, operations: ["link"] },
    { row: "A3", place: /\/checkpoint\/offsets\/\d+$/, operations: ["link"] },
    { row: "A5", place: /\/checkpoint\/state\/\d+\/\d+\/.*\.delta/, operations: ["rename", "link", "write"] },
    { row: "A7", place: /\/out\/_spark_metadata\/\.\d+/, operations: ["write"] },
    { row: "A8", place: /\/out\/_spark_metadata\/\d+(\.compact)?$/, operations: ["link"] },
    { row: "A9", place: /\/checkpoint\/commits\/\d+$/, operations: ["link"] },
  ];

/** The crash rows of a fault at an operation, by what the run without a fault had done before it. */
export function crashRows(log: readonly LoggedOperation[], { at, fault }: Fault, again: boolean): string[] {
  const operation = log[at]!;
  const rows: string[] = [];
  if (fault === "ENOSPC" || fault === "EIO") {
    if (operation.operation === "link" || operation.operation === "rename") rows.push("B11");
    return [...rows, fault === "ENOSPC" ? "B8" : "B9"];
  }
  if (fault === "loseUnsynced" || fault === "torn") rows.push("A12");
  if (again) rows.push("A11");
  if (/\.snapshot/.test(operation.path) || (operation.operation === "remove" && /\.delta$|\d$/.test(operation.path))) {
    return [...rows, "A10"];
  }
  const last = lastMilestone(log, at);
  if (last === undefined || last === "A9") rows.push("A1");
  // All state files of a batch are one program: the last of them is followed by something else.
  if (last === "A5" && !/\/checkpoint\/state\//.test(operation.path)) rows.push("A6");
  else if (last !== undefined) rows.push(last);
  return rows;
}

function lastMilestone(log: readonly LoggedOperation[], at: number): string | undefined {
  for (let i = at - 1; i >= 0; i--) {
    const { operation, path } = log[i]!;
    const found = milestones.find(({ place, operations }) => operations.includes(operation) && place.test(path));
    if (found !== undefined) return found.row;
  }
  return undefined;
}

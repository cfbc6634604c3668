/** Asks the sources below joins how large they are, so that the planner can tell small sides from large ones. */
import { isMillraceError } from "../errors/index.ts";
import type { LogicalPlan, Read } from "../logical-plan/logical-plan.ts";
import { childrenOfPlan } from "../logical-plan/traverse.ts";
import { FileSystemError } from "../runtime/file-system.ts";
import type { TableScanOptions } from "./table-scans.ts";

export async function sourceSizes(plan: LogicalPlan, options: TableScanOptions): Promise<ReadonlyMap<Read, number>> {
  const reads = new Set<Read>();
  collect(plan, false, reads);
  const sizes = new Map<Read, number>();
  const ask = async (read: Read): Promise<void> => {
    try {
      const size = await options.providerOf(read).sizeInBytes?.(options.sourceContext(read));
      if (size !== undefined) sizes.set(read, size);
    } catch (error) {
      // What cannot be listed is reported by the read itself, with its place.
      if (!(error instanceof FileSystemError) && !isMillraceError(error)) throw error;
    }
  };
  await Promise.all([...reads].map(ask));
  return sizes;
}

function collect(plan: LogicalPlan, belowJoin: boolean, reads: Set<Read>): void {
  if (plan.kind === "Scan" && belowJoin && plan.sourceIndex < 0) reads.add(plan.read);
  for (const input of childrenOfPlan(plan)) collect(input, belowJoin || plan.kind === "Join", reads);
}

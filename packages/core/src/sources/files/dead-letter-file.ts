import type { BatchFile, StreamSourceContext } from "../contract.ts";
import type { DeadLetters } from "./bad-records.ts";
import { absolutePath, nameOf } from "./paths.ts";

/** The dead letters of a batch of a stream, under a name that a replay of the batch has too. */
export function deadLetterFile(
  context: StreamSourceContext,
  folder: string,
  batchId: number,
  letters: DeadLetters,
): BatchFile {
  const root = absolutePath(folder, context.runtime.process.workingDirectory);
  const source = nameOf(context.metadataPath);
  return {
    path: `${root}/${context.queryId}/batch-${String(batchId).padStart(6, "0")}-source-${source}.json`,
    bytes: letters.take(),
  };
}

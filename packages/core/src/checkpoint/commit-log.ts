/** `commits/N`: batch N is done. Format v1 of Spark, which some of its releases demand exactly. */
import { type CheckpointFiles, corruptedLog, linesOfVersion1 } from "./checkpoint-files.ts";
import { type LogCodec, MetadataLog } from "./metadata-log.ts";

export interface CommitLogEntry {
  /** Watermark of the next batch, ms since the epoch. */
  readonly nextBatchWatermarkMs: number;
}

export const commitLogCodec: LogCodec<CommitLogEntry> = {
  encode(entry) {
    return `v1\n{"nextBatchWatermarkMs":${entry.nextBatchWatermarkMs}}`;
  },
  decode(path, text) {
    const lines = linesOfVersion1(path, text);
    const body = lines.join("\n").trim();
    // Spark before 2.4 wrote the version line alone.
    if (body === "") return { nextBatchWatermarkMs: 0 };
    let json: unknown;
    try {
      json = JSON.parse(body);
    } catch {
      throw corruptedLog(path, "its content is not JSON: Incomplete log file");
    }
    if (typeof json !== "object" || json === null || Array.isArray(json)) {
      throw corruptedLog(path, "its content is not a JSON object");
    }
    const watermark: unknown = "nextBatchWatermarkMs" in json ? json.nextBatchWatermarkMs : 0;
    if (typeof watermark !== "number" || !Number.isSafeInteger(watermark)) {
      throw corruptedLog(path, "nextBatchWatermarkMs is not a whole number");
    }
    return { nextBatchWatermarkMs: watermark };
  },
};

/** The commit log of a checkpoint. */
export function openCommitLog(files: CheckpointFiles, checkpoint: string): MetadataLog<CommitLogEntry> {
  return new MetadataLog(files, `${checkpoint}/commits`, commitLogCodec);
}

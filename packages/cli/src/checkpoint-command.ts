import { createNodeRuntime, describeCheckpoint, verifyCheckpoint } from "millrace/engine";

/** `checkpoint show|verify DIRECTORY`, with an absolute path. Exit code 1 when verify finds an error. */
export async function checkpointCommand(action: "show" | "verify", path: string): Promise<number> {
  const { fs } = createNodeRuntime();
  return action === "show" ? show(path, fs) : verify(path, fs);
}

type FileSystem = Parameters<typeof describeCheckpoint>[0];

async function show(path: string, fs: FileSystem): Promise<number> {
  const found = await describeCheckpoint(fs, path);
  const time = (ms: number | null): string => (ms === null || ms === 0 ? "none" : new Date(ms).toISOString());
  const lines: (readonly [string, string])[] = [
    ["checkpoint", found.path],
    ["query id", found.queryId ?? "none"],
    ["last planned batch", `${found.latestOffsetBatch ?? "none"}`],
    ["last committed batch", `${found.latestCommittedBatch ?? "none"}`],
    ["next start", `batch ${found.nextBatch}${found.nextIsReplay ? ", which is repeated" : ""}`],
    ["batch time", time(found.batchTimestampMs)],
    ["watermark", time(found.watermarkMs)],
    ["output mode", found.outputMode ?? "not recorded"],
    ...found.offsets.map(
      (offset, i) => [`source ${i}`, `${found.sources?.[i] ?? ""} ${offset ?? "-"}`.trim()] as const,
    ),
    ...found.operators.map((operator) => [`state ${operator.operatorId}`, operator.operatorName] as const),
    ["state size", `${found.stateBytes} bytes`],
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  process.stdout.write(`${lines.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n")}\n`);
  return 0;
}

async function verify(path: string, fs: FileSystem): Promise<number> {
  const findings = await verifyCheckpoint(fs, path);
  for (const finding of findings) {
    process.stdout.write(`${finding.severity}: ${finding.path}: ${finding.message}\n`);
  }
  const errors = findings.filter((finding) => finding.severity === "error").length;
  process.stdout.write(errors === 0 ? `${path}: the checkpoint can be continued\n` : `${path}: ${errors} errors\n`);
  return errors === 0 ? 0 : 1;
}

import { MillraceError, type RecordBatch, type Runtime, type StructType } from "millrace/engine";
import type { Cluster } from "../client/cluster.ts";
import { partitionKey, type TopicPartition } from "../client/topic-partition.ts";
import { decompress } from "../protocol/compression.ts";
import { errorName, offsetOutOfRange } from "../protocol/error-codes.ts";
import { fetchRecords, type FetchResponse } from "../protocol/fetch.ts";
import { earliestTime } from "../protocol/list-offsets.ts";
import { type RecordBatchHeader, readRecordBatchHeader } from "../protocol/record-batch-header.ts";
import { AbortedTransactions } from "./aborted-transactions.ts";
import { RecordRows } from "./record-rows.ts";
import type { SourceOptions } from "./source-options.ts";

/** Records [from, until) of a partition. Plain data. */
export interface OffsetRange extends TopicPartition {
  readonly from: number;
  readonly until: number;
}

export interface RangeReader {
  readonly cluster: Cluster;
  readonly options: SourceOptions;
  readonly columns: StructType;
  readonly runtime: Runtime;
  warn(message: string): void;
}

const maxWaitMs = 500;
/** That often in a row a broker may have nothing although the records lie before the end of its log. */
const mostEmptyAnswers = 60;

/** The rows of a range. While one answer is worked on the next one is under way. */
export async function* readPartition(
  reader: RangeReader,
  range: OffsetRange,
  signal: AbortSignal,
): AsyncGenerator<RecordBatch, void, undefined> {
  const key = partitionKey(range);
  const rows = new RecordRows(range, reader.columns);
  let offset = range.from;
  let emptyAnswers = 0;
  let next = fetchFrom(reader, range, offset);
  try {
    while (offset < range.until) {
      const response = await next;
      signal.throwIfAborted();
      if (response.errorCode === offsetOutOfRange) {
        offset = await offsetAfterLoss(reader, range, offset);
        if (offset < range.until) next = fetchFrom(reader, range, offset);
        continue;
      }
      if (response.errorCode !== 0) throw reader.cluster.failed(fetchRecords.name, key, errorName(response.errorCode));
      const headers = headersOf(response, key, offset);
      const last = headers.at(-1);
      if (last === undefined) {
        if (response.highWatermark <= offset) {
          lost(reader, range, offset, `its log ends at ${response.highWatermark}`);
          return;
        }
        if (++emptyAnswers > mostEmptyAnswers) {
          throw reader.cluster.failed(fetchRecords.name, key, `no records from offset ${offset} on came`);
        }
        next = fetchFrom(reader, range, offset);
        continue;
      }
      emptyAnswers = 0;
      const from = offset;
      offset = Math.max(offset, last.lastOffset + 1);
      if (offset < range.until) next = fetchFrom(reader, range, offset);
      yield* rowsOf(reader, rows, response, headers, key, from, range.until);
    }
  } finally {
    // An answer that nobody waits for any more.
    next.catch(() => undefined);
  }
}

function fetchFrom(reader: RangeReader, { topic, partition }: TopicPartition, offset: number): Promise<FetchResponse> {
  const { committed, maxFetchBytes: maxBytes } = reader.options;
  const request = { committed, topic, partition, offset, maxBytes, maxWaitMs };
  const answer = reader.cluster.askLeader({ topic, partition }, fetchRecords, request, ({ errorCode }) => errorCode);
  // Waited for later: until then a failure is not an unhandled one.
  answer.catch(() => undefined);
  return answer;
}

function headersOf({ records }: FetchResponse, key: string, offset: number): readonly RecordBatchHeader[] {
  const headers: RecordBatchHeader[] = [];
  for (let at = 0; at < records.length;) {
    const next = headers.at(-1)?.lastOffset ?? offset - 1;
    const header = attempt(key, next + 1, () => readRecordBatchHeader(records, at));
    if (header === null) break;
    headers.push(header);
    at = header.end;
  }
  return headers;
}

function attempt<T>(topicPartition: string, offset: number, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    throw corrupted(topicPartition, offset, cause);
  }
}

function corrupted(topicPartition: string, offset: number, cause: unknown): MillraceError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new MillraceError("KAFKA_RECORD_BATCH_CORRUPTED", { topicPartition, offset: `${offset}`, reason }, { cause });
}

async function* rowsOf(
  reader: RangeReader,
  rows: RecordRows,
  response: FetchResponse,
  headers: readonly RecordBatchHeader[],
  key: string,
  from: number,
  until: number,
): AsyncGenerator<RecordBatch, void, undefined> {
  const { records } = response;
  const aborted = new AbortedTransactions(response.aborted);
  const done: RecordBatch[] = [];
  for (const header of headers) {
    if (aborted.includes(header, records) || header.isControl) continue;
    if (header.lastOffset < from || header.baseOffset >= until) continue;
    const { codec, start, end, baseOffset } = header;
    try {
      if (codec === "none") {
        rows.add(records, start, end, header, from, until, done);
      } else {
        const body = await decompress(codec, records.subarray(start, end), reader.runtime.compression);
        rows.add(body, 0, body.length, header, from, until, done);
      }
    } catch (cause) {
      throw corrupted(key, baseOffset, cause);
    }
    yield* done.splice(0);
  }
  rows.flush(done);
  yield* done;
}

function lost(reader: RangeReader, range: OffsetRange, offset: number, reason: string): void {
  const topicPartition = partitionKey(range);
  const error = new MillraceError("KAFKA_DATA_LOSS.COULD_NOT_READ_OFFSET_RANGE", {
    topicPartition,
    startOffset: `${offset}`,
    reason,
  });
  if (reader.options.failOnDataLoss) throw error;
  reader.warn(`of ${topicPartition} the records from ${offset} on are lost: ${reason}`);
}

/** Where reading goes on when the broker has no such offset: at the start of its log, or not at all. */
async function offsetAfterLoss(reader: RangeReader, range: OffsetRange, offset: number): Promise<number> {
  const starts = await reader.cluster.offsetsAt([range], earliestTime, reader.options.committed);
  const start = starts.get(partitionKey(range))!;
  lost(reader, range, offset, start > offset ? `its log starts at ${start}` : "its log ends before that");
  return start > offset ? Math.min(start, range.until) : range.until;
}

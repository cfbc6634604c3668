/**
 * Every fault that the engine is built for, with its outcome and the tests that inject it. A test calls `fired(id)` when the
 * fault has happened and the outcome was checked; `npm run test:faults` runs the tests, counts, and prints the table, which
 * also stands in docs/reliability.md.
 */
import { faultTests as t } from "./fault-tests.ts";

export interface Fault {
  /** Letter of the group and number. */
  readonly id: string;
  readonly fault: string;
  readonly outcome: string;
  /** Test files, from the root of the repository. */
  readonly tests: readonly string[];
  /** Why there is nothing to inject: the part of the engine that the fault would hit does not exist. */
  readonly absent?: string;
}

function row(id: string, fault: string, outcome: string, ...tests: readonly string[]): Fault {
  return { id, fault, outcome, tests };
}
function none(id: string, fault: string, outcome: string, absent: string): Fault {
  return { id, fault, outcome, tests: [], absent };
}

export const faultGroups: Readonly<Record<string, string>> = {
  A: "Crashes",
  B: "Storage",
  C: "Time",
  D: "Sources",
  E: "Queries and settings",
  F: "Sinks",
  G: "Resources",
};

export const faultTable: readonly Fault[] = [
  row(
    "A1",
    "before the offsets are visible",
    "the batch has never been; temporary files are swept",
    t.engineCrash,
    t.enumeration,
    t.simulation,
  ),
  row(
    "A2",
    "after a source has logged its files, before the offsets",
    "the files are the next batch, each once",
    t.engineCrash,
    t.fileStream,
  ),
  row(
    "A3",
    "after the offsets, before rows are computed",
    "the batch is run again with the same offsets, watermark, time and settings",
    t.engineCrash,
    t.enumeration,
    t.sigkill,
  ),
  row(
    "A4",
    "a worker thread dies in a batch",
    "its task begins again on another thread; the fourth death fails the query",
    t.threadDeath,
    t.simulation,
  ),
  row(
    "A5",
    "some state files of the batch are there",
    "the version before is loaded, and the new one written over",
    t.engineCrash,
    t.enumeration,
  ),
  row(
    "A6",
    "after the state, before the sink commits",
    "the batch is run again; data files that no manifest lists are no output",
    t.engineCrash,
    t.sigkill,
  ),
  row("A7", "while the sink commits", "all of the batch or nothing", t.engineCrash, t.fileSink, t.sigkill),
  row(
    "A8",
    "after the sink has committed, before the commit is logged",
    "the batch is run again with the same rows, and the sink leaves it out",
    t.engineCrash,
    t.recover,
    t.simulation,
  ),
  row("A9", "after the commit is logged", "the next batch", t.engineCrash, t.enumeration),
  row(
    "A10",
    "while snapshots are written and old files removed",
    "a complete chain of state stays for every retained version",
    t.engineCrash,
    t.state,
  ),
  row(
    "A11",
    "again, during recovery",
    "recovery writes nothing that cannot be taken back",
    t.engineCrash,
    t.enumeration,
  ),
  row("A12", "power is lost", "what was acknowledged is there", t.engineCrash, t.enumeration, t.logs),
  row(
    "A13",
    "in real time, before the offsets of the batch are visible",
    "rows since the last batch come again, in a batch that may be divided otherwise",
    t.realTime,
  ),
  row(
    "A14",
    "in real time, after the offsets and before the commit is logged",
    "the batch is run again with the same id and rows, and no other",
    t.realTime,
  ),

  row(
    "B1",
    "torn or empty offsets",
    "`CHECKPOINT_LOG_CORRUPTED` with path and reason; nothing is repaired by itself",
    t.damage,
    t.logs,
  ),
  row("B2", "torn commit", "as B1; a bare version line, as of old releases, is read", t.damage, t.logs),
  row("B3", "log file missing in the middle", "`CHECKPOINT_BATCHES_MISSING`", t.damage),
  row("B4", "file of a newer format", "`UNSUPPORTED_LOG_VERSION`", t.damage, t.logs),
  row(
    "B5",
    "torn state delta",
    "`CANNOT_LOAD_STATE_STORE`; of a batch that is not committed it is written again",
    t.damage,
    t.state,
  ),
  row(
    "B6",
    "missing state delta or snapshot",
    "`CANNOT_LOAD_STATE_STORE`; a snapshot is passed over while all deltas are there",
    t.damage,
    t.state,
  ),
  row(
    "B7",
    "flipped bits in state files, wrong checksum files",
    "`CANNOT_LOAD_STATE_STORE`, or the same result; never another one",
    t.damage,
    t.lz4,
    t.state,
  ),
  row(
    "B8",
    "disk full, at each write",
    "`CHECKPOINT_WRITE_FAILED` with path and code; no temporary file stays; the next start repeats the batch",
    t.engineCrash,
    t.hostileStreams,
    t.fullDisk,
  ),
  row(
    "B9",
    "I/O error of a write, sync or read",
    "a read is tried again three times, later each time; then, and at once after a write, the query fails, naming it; a failed sync is never taken for success",
    t.engineCrash,
    t.hostileStreams,
    t.retriedReads,
    t.simulation,
  ),
  row(
    "B10",
    "too many open files",
    "the query fails, naming it, or goes on; the next start repeats the batch",
    t.simulation,
    t.fullDisk,
  ),
  row("B11", "a link or rename fails", "as B8", t.engineCrash, t.simulation),
  row("B12", "slow disk", "progress says how long the log took, a warning that the batch falls behind", t.slow),
  row("B13", "checkpoint on an object store", "refused: `UNSUPPORTED_PATH_SCHEME`", t.refused),
  row(
    "B14",
    "checkpoint deleted under a running query",
    "the query fails at its next write and makes nothing anew",
    t.query,
  ),
  row("B15", "`metadata` missing beside offsets", "`CHECKPOINT_METADATA_MISSING`", t.damage, t.logs),
  row("B16", "checkpoint older than its sink", "`CHECKPOINT_BEHIND_SINK`", t.query),
  row(
    "B17",
    "link that leads out of the permitted directories",
    "`PATH_NOT_ALLOWED` before anything is read or written",
    t.restrictPaths,
  ),
  row(
    "B18",
    "encrypted checkpoint, its key missing or another",
    "`CHECKPOINT_ENCRYPTION_KEY` with the key's id, before anything is written; no tool takes it for damage",
    t.encrypted,
  ),
  row("B19", "byte of an encrypted file changed", "damage, as of a file that is not encrypted", t.encrypted),
  row(
    "B20",
    "crash while a key is erased from state",
    "all of the old files or all of the new ones; the next run, or the next call, ends it",
    t.erase,
  ),
  row(
    "B21",
    "crash or full disk while state is dealt out to other partitions",
    "the state as it was, or `CHECKPOINT_REPARTITION_UNFINISHED` until the same call has ended it; no row is lost",
    t.repartition,
  ),

  row(
    "C1",
    "wall clock steps back",
    "batch timestamps do not; waits are on the monotonic clock",
    t.trigger,
    t.simulation,
  ),
  row(
    "C2",
    "wall clock leaps forward",
    "one batch, within the source's limit; results do not change",
    t.simulation,
    t.slow,
  ),
  row("C3", "a long pause", "missed ticks are skipped", t.trigger),
  row(
    "C4",
    "event time far in the future",
    "the watermark follows; what is older is late from the next batch on, and counted",
    t.hostileStreams,
  ),
  row("C5", "a batch longer than its interval", "a warning; the next tick of the grid is taken", t.trigger),

  row(
    "D1",
    "data removed before it was read",
    "`TAIL_DATA_LOSS` with path and bytes, with `failOnDataLoss = false` a warning",
    t.tail,
  ),
  row(
    "D2",
    "files rotated, cut, replaced",
    "read to the end under the new name; a replaced one from its start, with a warning",
    t.tail,
  ),
  row("D3", "server not there, or going away", "`CANNOT_CONNECT`; a warning when it goes", t.sockets),
  none(
    "D4",
    "consumer group rebalanced",
    "offsets are assigned, not balanced",
    "Kafka is read without consumer groups",
  ),
  row("D5", "ranges with fewer rows than offsets", "ordinary", t.sources),
  row("D6", "rows delivered twice by the producer", "passed through; `dropDuplicates` drops them", t.sources),
  row("D7", "rows late and out of order", "dropped where state is gone, counted", t.simulation),
  row(
    "D8",
    "file changed or gone after it was listed",
    "read up to its old size, with a warning; gone: an error that names it",
    t.fileStream,
  ),
  row("D9", "file with an old time", "not taken when it is older than `maxFileAge` before the newest", t.fileStream),
  row(
    "D10",
    "corrupt file",
    "`FAILED_READ_FILE` naming it; with `ignoreCorruptFiles` a warning",
    t.fileBatch,
    t.oddFiles,
  ),
  row("D11", "malformed record", "PERMISSIVE, DROPMALFORMED, FAILFAST; or a dead-letter file", t.fileBatch),
  row(
    "D12",
    "row on which a user's function throws",
    "the query fails with its error; a fixed program goes on with the same batch",
    t.hostileStreams,
    t.simulation,
  ),
  row("D13", "huge record", "a malformed record, or `RECORD_TOO_LARGE` with its place", t.fileBatch, t.sockets),
  row(
    "D14",
    "source without rows",
    "no batch; the other streams' watermark waits for it, unless an idle timeout is set",
    t.sources,
  ),
  row("D15", "socket source after a restart", "rows that were not committed are lost, with a warning", t.sources),
  row("D16", "offset above 2^53", "every digit is kept", t.logs),
  none("D17", "credentials expire", "loaded again, never logged", "no connector takes credentials yet"),
  row(
    "D18",
    "in real time, a source that fails",
    "the query fails; the sink is told to give up the rows of the batch, which come again",
    t.realTime,
  ),

  row("E1", "another number of sources", "`CHECKPOINT_SOURCE_COUNT_CHANGED` before anything is written", t.query),
  row("E2", "another source in the place of one", "`CHECKPOINT_SOURCE_CHANGED` before anything is written", t.query),
  row(
    "E3",
    "stateful operator added, removed, changed",
    "`STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA`",
    t.hostileStreams,
  ),
  row(
    "E4",
    "types of state keys or values changed",
    "`STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE`, `…VALUE…`",
    t.hostileStreams,
  ),
  row(
    "E5",
    "kind of a variable or time mode of transformWithState changed",
    "`STATE_STORE_INVALID_VARIABLE_TYPE_CHANGE`, `STATE_STORE_INVALID_CONFIG_AFTER_RESTART`",
    t.refused,
  ),
  row("E6", "settings of the first batch changed", "those of the checkpoint win, with a warning", t.query),
  row("E7", "output mode changed", "`CHECKPOINT_OUTPUT_MODE_CHANGED`", t.hostileStreams),
  row("E8", "filter, projection, rate limit, trigger changed", "accepted", t.refused),
  row("E9", "two runs in one process", "the new one stops the old one, or is refused", t.query, t.hostileStreams),
  row(
    "E10",
    "two runs in two processes",
    "the second is refused; of two at once one wins",
    t.query,
    t.sigkill,
    t.simulation,
  ),
  row("E11", "two queries, one output directory", "`SINK_USED_BY_OTHER_QUERY`", t.fileSink),
  row("E12", "checkpoint of an earlier release", "goes on where it ended", t.damage),

  row("F1", "sink throws", "the query fails; the batch comes again", t.query, t.hostileStreams, t.simulation),
  row(
    "F2",
    "sink or function of the user's never returns",
    "`stop()` leaves it alone; the batch comes again",
    t.query,
    t.hostileStreams,
  ),
  row(
    "F3",
    "sink has committed, and its answer is lost",
    "the batch comes again with the same id and rows",
    t.simulation,
  ),
  none(
    "F4",
    "sink of a message broker has part of a batch",
    "transactions, or at least once",
    "no sink of a broker has transactions yet: at least once",
  ),
  row(
    "F5",
    "`foreach` comes to a partition again",
    "with the same partition and batch ids, and the same rows",
    t.refused,
  ),
  row("F6", "data files that no batch lists", "not read; removed when the option says so", t.fileSink),
  row("F7", "reader that does not know the manifest", "may see such files, and only those more", t.refused),
  row("F8", "torn compaction of a manifest", "the files before it are there", t.fileSink),
  row(
    "F9",
    "in real time, a sink that throws at a row or at the end of a batch",
    "the query fails; rows since the last batch come again, after the end in a batch of the same id",
    t.realTime,
  ),

  row(
    "G1",
    "state that grows for ever",
    "`STATE_STORE_TOO_LARGE` at the limit that is set, before the batch is committed; no limit is set by default",
    t.resources,
  ),
  row("G2", "full heap", "the process ends; with more room the next start repeats the batch", t.heap),
  row("G3", "reader slower than the query", "the query waits when 4 batches are queued", t.query, t.parallel),
  row("G4", "process that stood still while another took over", "it logs nothing more", t.query),
  row("G5", "worker thread with a full heap", "the query fails, the process goes on", t.workerThreads),
  row("G6", "listener that throws or is slow", "a warning; the query goes on", t.query),
  row("G7", "thousands of batches and files", "a batch costs the same; logs stay within their retention", t.query),
  row("G8", "SIGTERM", "the running batch commits, or comes again", t.heap),
];

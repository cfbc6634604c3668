/**
 * One run per checkpoint. `_engine/lease/<epoch>` says who runs: each run creates the file of the next epoch exclusively,
 * so of two that start together one fails, and epochs only grow. The lease of a process that is dead (by pid and start
 * time, or because the machine was started anew) is taken over at once. A holder on another machine cannot be asked; it
 * counts as dead when it has not renewed for {@link foreignLeaseMs}.
 */
import { MillraceError } from "../errors/index.ts";
import type { Clock } from "../runtime/clock.ts";
import type { FileOperation } from "../runtime/file-system.ts";
import type { ProcessInfo } from "../runtime/process-info.ts";
import {
  applyCheckpointProgram,
  type CheckpointFiles,
  corruptedLog,
  isTemporary,
  listOrEmpty,
  readText,
  writeTextProgram,
} from "./checkpoint-files.ts";

/** How long the lease of another machine is respected after its last renewal. */
export const foreignLeaseMs = 60_000;

interface LeaseRecord {
  readonly pid: number;
  readonly startTime: string;
  readonly bootId: string;
  readonly hostName: string;
  readonly epoch: number;
  readonly renewedAtMs: number;
  readonly released: boolean;
}

/** Who this process is and how it tells time. */
export interface LeaseOwner {
  readonly process: ProcessInfo;
  readonly clock: Clock;
}

export interface Lease {
  /** Grows with every run of the checkpoint; sinks that can fence use it. */
  readonly epoch: number;
  /**
   * Runs a program of checkpoint writes unless a later run has taken the checkpoint.
   * @throws MillraceError CONCURRENT_QUERY.OTHER_PROCESS; and as `applyCheckpointProgram`
   */
  apply(program: readonly FileOperation[]): Promise<void>;
  /** Writes the lease again with the present time; needed (at least three times a minute) only for shared file systems. */
  renewProgram(): FileOperation[];
  /** Gives the checkpoint free; the epoch stays on record. */
  release(): Promise<void>;
}

function parseLease(path: string, text: string): LeaseRecord {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw corruptedLog(path, "it is not JSON");
  }
  const members = new Map<string, unknown>(typeof json === "object" && json !== null ? Object.entries(json) : []);
  const text_ = (name: string): string => {
    const value = members.get(name);
    if (typeof value !== "string") throw corruptedLog(path, `${name} is missing`);
    return value;
  };
  const number = (name: string): number => {
    const value = members.get(name);
    if (typeof value !== "number") throw corruptedLog(path, `${name} is missing`);
    return value;
  };
  return {
    pid: number("pid"),
    startTime: text_("startTime"),
    bootId: text_("bootId"),
    hostName: text_("hostName"),
    epoch: number("epoch"),
    renewedAtMs: number("renewedAtMs"),
    released: members.get("released") === true,
  };
}

async function isHeld(record: LeaseRecord, owner: LeaseOwner, checkpoint: string): Promise<boolean> {
  const { process, clock } = owner;
  if (record.released) return false;
  if (record.hostName !== process.hostName) return clock.nowMs() - record.renewedAtMs < foreignLeaseMs;
  if (record.bootId !== process.bootId) return false;
  if (record.pid === process.pid && record.startTime === process.startTime) {
    return process.heldCheckpoints.has(checkpoint);
  }
  return process.isAlive(record.pid, record.startTime);
}

function inUse(checkpoint: string, record: LeaseRecord): MillraceError {
  return new MillraceError("CONCURRENT_QUERY.OTHER_PROCESS", {
    path: checkpoint,
    pid: String(record.pid),
    hostName: record.hostName,
    epoch: String(record.epoch),
  });
}

/**
 * Takes the checkpoint for this run. `metadata` must exist already, since Spark wants a new checkpoint to be empty.
 * @throws MillraceError CONCURRENT_QUERY.OTHER_PROCESS when a living run holds it
 */
export async function acquireLease(files: CheckpointFiles, owner: LeaseOwner, checkpoint: string): Promise<Lease> {
  const directory = `${checkpoint}/_engine/lease`;
  const { process, clock } = owner;
  const entries = await listOrEmpty(files.fs, directory);
  const epochs = entries.filter((e) => e.kind === "file" && /^\d{1,15}$/.test(e.name)).map((e) => Number(e.name));
  const latest = Math.max(0, ...epochs);
  const cleanup: FileOperation[] = entries
    .filter((e) => e.kind === "file" && (isTemporary(e.name) || epochs.includes(Number(e.name))))
    .map((e) => ({ op: "remove", path: `${directory}/${e.name}`, ifExists: true }));
  if (latest > 0) {
    const path = `${directory}/${latest}`;
    const text = await readText(files.fs, path);
    const record = text === null ? null : parseLease(path, text);
    if (record !== null && (await isHeld(record, owner, checkpoint))) throw inUse(checkpoint, record);
  }
  const epoch = latest + 1;
  const path = `${directory}/${epoch}`;
  const textNow = (released: boolean): string =>
    JSON.stringify({
      version: 1,
      pid: process.pid,
      startTime: process.startTime,
      bootId: process.bootId,
      hostName: process.hostName,
      epoch,
      renewedAtMs: clock.nowMs(),
      released,
    });
  try {
    await applyCheckpointProgram(files.fs, [
      { op: "makeDirectory", path: directory, mode: 0o700 },
      ...writeTextProgram(files, path, textNow(false), "create"),
    ]);
  } catch (error) {
    if (!(error instanceof MillraceError) || error.errorClass !== "CONCURRENT_STREAM_LOG_UPDATE") throw error;
    const winner = await readText(files.fs, path);
    throw winner === null ? error : inUse(checkpoint, parseLease(path, winner));
  }
  await applyCheckpointProgram(files.fs, cleanup);
  process.heldCheckpoints.add(checkpoint);
  const nextPath = `${directory}/${epoch + 1}`;
  const held: readonly FileOperation[] = [
    { op: "require", path: nextPath, exists: false },
    // Gone together with its directory: the checkpoint was removed, or several runs have passed since.
    { op: "require", path, exists: true },
  ];
  return {
    epoch,
    async apply(program) {
      try {
        await applyCheckpointProgram(files.fs, [...held, ...program]);
      } catch (error) {
        const next = await readText(files.fs, nextPath).catch(() => null);
        throw next === null ? error : inUse(checkpoint, parseLease(nextPath, next));
      }
    },
    renewProgram() {
      return writeTextProgram(files, path, textNow(false), "replace");
    },
    async release() {
      process.heldCheckpoints.delete(checkpoint);
      await applyCheckpointProgram(files.fs, writeTextProgram(files, path, textNow(true), "replace"));
    },
  };
}

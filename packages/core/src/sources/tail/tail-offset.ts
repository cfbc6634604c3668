/**
 * Offsets of the tail source: for every file its identity (device and inode), the path it was last seen under and the
 * byte behind its last whole line that was read.
 *
 *     {"version":1,"files":{"2049:131":{"path":"/logs/a.log","position":512,"head":"256:9f31c2aa"},…}}
 *
 * Keyed by identity, since that is what a rotation keeps. Keys are sorted, so that equal offsets are equal texts.
 */
import { MillraceError } from "../../errors/index.ts";
import type { OffsetJson } from "../contract.ts";

export interface TailPosition {
  readonly path: string;
  readonly position: number;
  /** How often the file was cut or replaced and began anew; a position belongs to one such life. 0 is not written. */
  readonly life: number;
  /** Fingerprint of the first bytes read, to notice that other bytes stand there now; empty for none. */
  readonly head: string;
  /** Another file has taken the path under which this one was first seen: its end is final. */
  readonly rotated: boolean;
}

export type TailOffset = ReadonlyMap<string, TailPosition>;

export function printTailOffset(offset: TailOffset): OffsetJson {
  const files = [...offset]
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([identity, { path, position, life, head, rotated }]) => {
      const entry = {
        path,
        position,
        ...(head === "" ? {} : { head }),
        ...(life === 0 ? {} : { life }),
        ...(rotated ? { rotated } : {}),
      };
      return `${JSON.stringify(identity)}:${JSON.stringify(entry)}`;
    });
  return `{"version":1,"files":{${files.join(",")}}}`;
}

export function parseTailOffset(offset: OffsetJson | null): TailOffset {
  const files = new Map<string, TailPosition>();
  if (offset === null) return files;
  let value: unknown;
  try {
    value = JSON.parse(offset);
  } catch (error) {
    throw malformed(offset, error);
  }
  if (!isObject(value) || value.version !== 1 || !isObject(value.files)) throw malformed(offset);
  for (const [identity, entry] of Object.entries(value.files)) {
    if (!isObject(entry) || typeof entry.path !== "string" || !Number.isSafeInteger(entry.position))
      throw malformed(offset);
    files.set(identity, {
      path: entry.path,
      position: entry.position as number,
      life: Number.isSafeInteger(entry.life) ? (entry.life as number) : 0,
      head: typeof entry.head === "string" ? entry.head : "",
      rotated: entry.rotated === true,
    });
  }
  return files;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function malformed(offset: string, cause?: unknown): MillraceError {
  return new MillraceError(
    "CHECKPOINT_LOG_CORRUPTED",
    { path: "offsets", reason: `${offset.slice(0, 200)} is not an offset of a tail source` },
    cause === undefined ? undefined : { cause },
  );
}

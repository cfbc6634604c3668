/**
 * `state/<operator>/_metadata/metadata`, format v1: which stateful operator the directory belongs to and which stores it
 * has. By it a query whose stateful operators were added, removed or exchanged is refused (E3).
 */
import { MillraceError } from "../errors/index.ts";
import { atomicWrite, type Durability } from "../runtime/durability.ts";
import { FileSystemError, type FileOperation, type FileSystem } from "../runtime/file-system.ts";
import { checkSideFiles } from "./side-files.ts";

export interface OperatorMetadata {
  readonly operatorId: number;
  /** Spark's name, such as `stateStoreSave`, `dedupe`, `symmetricHashJoin`. */
  readonly operatorName: string;
  readonly stores: readonly StateStoreInfo[];
  /** What must stay as it is, by name; Spark has none of them. */
  readonly settings?: Readonly<Record<string, string>>;
}
export interface StateStoreInfo {
  readonly storeName: string;
  readonly numColsPrefixKey: number;
  readonly numPartitions: number;
  /** Of a variable of transformWithState. */
  readonly variableType?: string;
  /** The store came with this version, empty; absent: with the query. */
  readonly firstVersion?: number;
}

export function operatorMetadataPath(checkpoint: string, operatorId: number): string {
  return `${checkpoint}/state/${operatorId}/_metadata/metadata`;
}

export function encodeOperatorMetadata(metadata: OperatorMetadata): Uint8Array {
  const json = JSON.stringify({
    operatorInfo: { operatorId: metadata.operatorId, operatorName: metadata.operatorName },
    stateStoreInfo: metadata.stores.map(
      ({ storeName, numColsPrefixKey, numPartitions, variableType, firstVersion }) => ({
        storeName,
        numColsPrefixKey,
        numPartitions,
        variableType,
        firstVersion,
      }),
    ),
    settings: metadata.settings,
  });
  return new TextEncoder().encode(`v1\n${json}`);
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

/** @throws MillraceError CHECKPOINT_LOG_CORRUPTED, UNSUPPORTED_LOG_VERSION */
export function decodeOperatorMetadata(path: string, bytes: Uint8Array): OperatorMetadata {
  const corrupted = (reason: string): MillraceError => new MillraceError("CHECKPOINT_LOG_CORRUPTED", { path, reason });
  const text = new TextDecoder().decode(bytes);
  const cut = text.indexOf("\n");
  const version = /^v(\d+)$/.exec(cut < 0 ? text : text.slice(0, cut));
  if (version === null) throw corrupted("its first line is not a version");
  if (version[1] !== "1")
    throw new MillraceError("UNSUPPORTED_LOG_VERSION", { path, maximum: "1", version: version[1]! });
  if (cut < 0) throw corrupted("it ends after its version");
  let json: unknown;
  try {
    json = JSON.parse(text.slice(cut + 1));
  } catch {
    throw corrupted("it is not JSON");
  }
  const operator = property(json, "operatorInfo");
  const operatorId = property(operator, "operatorId");
  const operatorName = property(operator, "operatorName");
  const stores = property(json, "stateStoreInfo");
  if (typeof operatorId !== "number" || typeof operatorName !== "string" || !Array.isArray(stores)) {
    throw corrupted("a field is missing");
  }
  return {
    operatorId,
    operatorName,
    stores: stores.map((store: unknown): StateStoreInfo => {
      const storeName = property(store, "storeName");
      const numColsPrefixKey = property(store, "numColsPrefixKey");
      const numPartitions = property(store, "numPartitions");
      if (typeof storeName !== "string" || typeof numColsPrefixKey !== "number" || typeof numPartitions !== "number") {
        throw corrupted("a store lacks a field");
      }
      const variableType = property(store, "variableType");
      const firstVersion = property(store, "firstVersion");
      return {
        storeName,
        numColsPrefixKey,
        numPartitions,
        ...(typeof variableType === "string" ? { variableType } : {}),
        ...(Number.isSafeInteger(firstVersion) ? { firstVersion: firstVersion as number } : {}),
      };
    }),
    ...settingsOf(property(json, "settings")),
  };
}

function settingsOf(settings: unknown): Pick<OperatorMetadata, "settings"> {
  if (typeof settings !== "object" || settings === null) return {};
  const texts = Object.entries(settings).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  return { settings: Object.fromEntries(texts) };
}

/** All operators that a checkpoint records, by id; empty when it has no state. */
export async function readOperatorMetadata(fs: FileSystem, checkpoint: string): Promise<readonly OperatorMetadata[]> {
  let names: readonly string[];
  try {
    const entries = await fs.list(`${checkpoint}/state`);
    names = entries.filter((e) => e.kind === "directory" && /^\d{1,9}$/.test(e.name)).map((e) => e.name);
  } catch (error) {
    if (error instanceof FileSystemError && error.code === "ENOENT") return [];
    throw error;
  }
  const found: OperatorMetadata[] = [];
  for (const id of names.map(Number).sort((a, b) => a - b)) {
    const path = operatorMetadataPath(checkpoint, id);
    let bytes: Uint8Array;
    try {
      bytes = await fs.readFile(path);
    } catch (error) {
      // Written with the first batch; a crash before it leaves the directory without.
      if (error instanceof FileSystemError && error.code === "ENOENT") continue;
      throw error;
    }
    const reason = await checkSideFiles(fs, path, bytes);
    if (reason !== null) throw new MillraceError("CHECKPOINT_LOG_CORRUPTED", { path, reason });
    found.push(decodeOperatorMetadata(path, bytes));
  }
  return found;
}

export function writeOperatorMetadataProgram(
  checkpoint: string,
  metadata: OperatorMetadata,
  unique: string,
  durability: Durability = "fsync",
): FileOperation[] {
  const path = operatorMetadataPath(checkpoint, metadata.operatorId);
  return [
    { op: "makeDirectory", path: path.slice(0, path.lastIndexOf("/")) },
    ...atomicWrite(path, encodeOperatorMetadata(metadata), "replace", unique, durability),
  ];
}

/**
 * Holds the stateful operators of the query against those of the checkpoint: same ids, same names.
 * @throws MillraceError STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA
 */
export function checkOperators(
  stored: readonly OperatorMetadata[],
  wanted: readonly Pick<OperatorMetadata, "operatorId" | "operatorName">[],
): void {
  const describe = (operators: readonly Pick<OperatorMetadata, "operatorId" | "operatorName">[]): string =>
    [...operators]
      .sort((a, b) => a.operatorId - b.operatorId)
      .map((o) => `(OperatorId: ${o.operatorId} -> OperatorName: ${o.operatorName})`)
      .join(", ");
  const [OpsInMetadataSeq, OpsInCurBatchSeq] = [describe(stored), describe(wanted)];
  if (OpsInMetadataSeq !== OpsInCurBatchSeq) {
    throw new MillraceError("STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA", {
      OpsInMetadataSeq,
      OpsInCurBatchSeq,
    });
  }
}

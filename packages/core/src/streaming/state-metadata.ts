/**
 * What a checkpoint records of the stateful operators and their stores, held against what the query has. An operator may allow
 * some changes: stores that come and go with its variables, and fields at the end of their values.
 */
import { sweepProgram } from "../checkpoint/checkpoint-files.ts";
import { MillraceError } from "../errors/index.ts";
import type { OperatorState, StateStoreDescription } from "../physical-plan/stateful.ts";
import type { Durability } from "../runtime/durability.ts";
import type { FileOperation } from "../runtime/file-system.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { statePartitionDirectory } from "../state/state-files.ts";
import {
  checkOperators,
  encodeOperatorMetadata,
  type OperatorMetadata,
  operatorMetadataPath,
  readOperatorMetadata,
  writeOperatorMetadataProgram,
} from "../state/operator-metadata.ts";
import { checkStateSchema, readStateSchema, stateSchemaPath, writeStateSchemaProgram } from "../state/state-schema.ts";
import { syncDirectories } from "./query-checkpoint.ts";

export interface CheckedMetadata {
  /** Writes what the checkpoint lacks, and makes durable what it has. */
  readonly unwritten: readonly FileOperation[];
  /** The version with which a store came, empty, by operator and name of the store. Others came with the query. */
  readonly firstVersions: ReadonlyMap<string, number>;
}

export function storeKey(operatorId: number, storeName: string): string {
  return `${operatorId}/${storeName}`;
}

/**
 * Reads only.
 * @param nextVersion version that the next batch reads: 0 when none is committed
 * @param removed ids of operators that the query no longer has
 * @throws STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA, STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE,
 * STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE, STATE_STORE_INVALID_CONFIG_AFTER_RESTART, STATE_STORE_INVALID_VARIABLE_TYPE_CHANGE,
 * STATE_STORE_INVALID_VALUE_SCHEMA_EVOLUTION
 */
export async function checkStateMetadata(
  { fs, random }: Runtime,
  checkpointPath: string,
  durability: Durability,
  operators: readonly OperatorState[],
  nextVersion: number,
  removed: ReadonlySet<number>,
): Promise<CheckedMetadata> {
  const all = await readOperatorMetadata(fs, checkpointPath);
  const stored = all.filter(({ operatorId }) => !removed.has(operatorId));
  const storedById = new Map(stored.map((operator) => [operator.operatorId, operator]));
  const unwritten: FileOperation[] = [];
  const firstVersions = new Map<string, number>();
  let storedSchemas = 0;
  const held = (all: boolean): readonly OperatorState[] =>
    operators.filter(
      (operator) => storedById.has(operator.operatorId) || (all && !isAdded(operator, undefined, nextVersion)),
    );
  // A crash in the first batch leaves some of them unwritten.
  if (stored.length > 0) checkOperators(stored, held(nextVersion > 0));
  for (const operator of operators) {
    const before = storedById.get(operator.operatorId);
    const comes = isAdded(operator, before, nextVersion);
    if (before !== undefined && before.operatorName === operator.operatorName) checkChanges(before, operator);
    for (const store of operator.stores) {
      const recorded = before?.stores.find(({ storeName }) => storeName === store.name);
      // A store of a variable that the operator did not have begins empty, whatever an earlier one of its name has left.
      const isNew = comes || (before !== undefined && recorded === undefined && store.optional === true);
      firstVersions.set(storeKey(operator.operatorId, store.name), isNew ? nextVersion : (recorded?.firstVersion ?? 0));
      const directory = statePartitionDirectory(checkpointPath, operator.operatorId, 0, store.name);
      unwritten.push(...(await sweepProgram(fs, [directoryOf(stateSchemaPath(directory))])));
      const schema = isNew ? null : await readStateSchema(fs, directory);
      if (schema !== null) storedSchemas++;
      if (schema !== null && checkStateSchema(schema, store, store.evolves) === "same") {
        unwritten.push(...syncDirectories(durability, [directoryOf(stateSchemaPath(directory))]));
      } else {
        unwritten.push(...writeStateSchemaProgram(directory, store, random.uuid(), durability));
      }
    }
  }
  const wanted = operators.map((operator) => metadataOf(operator, firstVersions));
  // Spark before 3.5 recorded schemas only.
  if (stored.length === 0 && storedSchemas === 0) checkOperators(stored, held(nextVersion > 0));
  for (const operator of wanted) {
    const before = storedById.get(operator.operatorId);
    const path = operatorMetadataPath(checkpointPath, operator.operatorId);
    unwritten.push(...(await sweepProgram(fs, [directoryOf(path)])));
    const keeps = before !== undefined && (operator.settings === undefined || sameMetadata(before, operator));
    if (keeps) {
      // Seen, but not durable when the run that wrote it died before it synced the directory.
      unwritten.push(...syncDirectories(durability, [directoryOf(path)]));
    } else unwritten.push(...writeOperatorMetadataProgram(checkpointPath, operator, random.uuid(), durability));
  }
  return { unwritten, firstVersions };
}

/** An operator with a name that the checkpoint does not know begins with the next batch, its state empty. */
function isAdded({ name }: OperatorState, before: OperatorMetadata | undefined, nextVersion: number): boolean {
  return name !== undefined && before === undefined && nextVersion > 0;
}

function metadataOf(operator: OperatorState, firstVersions: ReadonlyMap<string, number>): OperatorMetadata {
  const { operatorId, operatorName, recordedPartitions, stores, settings } = operator;
  return {
    operatorId,
    operatorName,
    stores: stores.map(({ name, prefixColumns, variableType }) => ({
      storeName: name,
      numColsPrefixKey: prefixColumns,
      numPartitions: recordedPartitions,
      ...(variableType === undefined ? {} : { variableType }),
      ...(firstVersions.get(storeKey(operatorId, name)) === 0
        ? {}
        : { firstVersion: firstVersions.get(storeKey(operatorId, name))! }),
    })),
    ...(settings === undefined ? {} : { settings }),
  };
}

function sameMetadata(a: OperatorMetadata, b: OperatorMetadata): boolean {
  const [left, right] = [encodeOperatorMetadata(a), encodeOperatorMetadata(b)];
  return left.length === right.length && left.every((byte, i) => byte === right[i]);
}

function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

function checkChanges(before: OperatorMetadata, operator: OperatorState): void {
  for (const [configName, newConfig] of Object.entries(operator.settings ?? {})) {
    const oldConfig = before.settings?.[configName];
    if (oldConfig === undefined || oldConfig === newConfig) continue;
    throw new MillraceError("STATE_STORE_INVALID_CONFIG_AFTER_RESTART", { configName, oldConfig, newConfig });
  }
  for (const store of operator.stores) checkVariableType(before, store);
}

function checkVariableType(before: OperatorMetadata, store: StateStoreDescription): void {
  const newType = store.variableType;
  const oldType = before.stores.find(({ storeName }) => storeName === store.name)?.variableType;
  if (newType === undefined || oldType === undefined || newType === oldType) return;
  throw new MillraceError("STATE_STORE_INVALID_VARIABLE_TYPE_CHANGE", { stateVarName: store.name, newType, oldType });
}

/** Which provider of state a setting names. */
import { MillraceError } from "../errors/index.ts";
import { memoryStateProvider } from "../state/hdfs-state-store.ts";
import type { StateProvider } from "../state/state-store.ts";

const diskPackage = "@millrace/state-disk";
const sparkPackage = "org.apache.spark.sql.execution.streaming.state.";

/**
 * The provider that `spark.sql.streaming.stateStore.providerClass` names: Spark's class for state in memory is the built-in
 * one, its RocksDB class the package for state on disk; any other name is a package that exports `stateProvider`.
 * @param encryptionKeys where the keys of checkpoints are; absent: these are not encrypted
 * @throws MillraceError STATE_STORE_PROVIDER_NOT_FOUND, STATE_STORE_PROVIDER_NOT_ENCRYPTED
 */
export async function loadStateProvider(name: string, encryptionKeys?: string): Promise<StateProvider> {
  const short = name.startsWith(sparkPackage) ? name.slice(sparkPackage.length) : name;
  if (short === "HDFSBackedStateStoreProvider" || short === "memory") return memoryStateProvider;
  // Keys are for state that nobody may read from a disk.
  if (encryptionKeys !== undefined) throw new MillraceError("STATE_STORE_PROVIDER_NOT_ENCRYPTED", { name });
  const specifier = short === "RocksDBStateStoreProvider" ? diskPackage : name;
  let module: Readonly<Record<string, unknown>>;
  try {
    module = (await import(specifier)) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MillraceError("STATE_STORE_PROVIDER_NOT_FOUND", { name, package: specifier, reason }, { cause });
  }
  const { stateProvider } = module;
  if (isStateProvider(stateProvider)) return stateProvider;
  const reason = "the package exports no stateProvider";
  throw new MillraceError("STATE_STORE_PROVIDER_NOT_FOUND", { name, package: specifier, reason });
}

function isStateProvider(value: unknown): value is StateProvider {
  return typeof value === "object" && value !== null && "create" in value && typeof value.create === "function";
}

/** Which provider of state a setting names. */
import { MillraceError } from "../errors/index.ts";
import { memoryStateProvider } from "../state/hdfs-state-store.ts";
import type { StateProvider } from "../state/state-store.ts";

const diskPackage = "@millrace/state-disk";
const sparkPackage = "org.apache.spark.sql.execution.streaming.state.";

/**
 * The provider that `spark.sql.streaming.stateStore.providerClass` names: Spark's class for state in memory is the built-in
 * one, its RocksDB class the package for state on disk; any other name is a package that exports `stateProvider`.
 * @throws MillraceError STATE_STORE_PROVIDER_NOT_FOUND
 */
export async function loadStateProvider(name: string): Promise<StateProvider> {
  const short = name.startsWith(sparkPackage) ? name.slice(sparkPackage.length) : name;
  if (short === "HDFSBackedStateStoreProvider" || short === "memory") return memoryStateProvider;
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

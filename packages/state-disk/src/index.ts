/**
 * `@millrace/state-disk`: state that is larger than memory. Name it as the provider:
 * `spark.sql.streaming.stateStore.providerClass = @millrace/state-disk`.
 */
import type { StateProvider } from "millrace/engine";
import { DiskStateStoreProvider } from "./disk-state-store.ts";

/** State on the local disk, with its changes and snapshots in the checkpoint. */
export const stateProvider: StateProvider = {
  name: "@millrace/state-disk",
  create: (context) => new DiskStateStoreProvider(context),
};

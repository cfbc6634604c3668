import type { SourceProvider } from "../sources/contract.ts";
import { fileProviders } from "../sources/files/providers.ts";
import { ratePerMicroBatchProvider, rateProvider } from "../sources/rate/provider.ts";
import { socketProvider } from "../sources/socket/provider.ts";
import { stateMetadataProvider } from "../sources/state/metadata-provider.ts";
import { stateStoreProvider } from "../sources/state/provider.ts";

/** Formats that the engine brings along. */
export const builtInSources: readonly SourceProvider[] = [
  ...fileProviders,
  rateProvider,
  ratePerMicroBatchProvider,
  socketProvider,
  stateStoreProvider,
  stateMetadataProvider,
];

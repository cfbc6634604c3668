import type { Api } from "./api.ts";
import type { ByteReader } from "./byte-reader.ts";

export interface VersionRange {
  readonly key: number;
  readonly min: number;
  readonly max: number;
}

export interface ApiVersionsResponse {
  readonly errorCode: number;
  readonly ranges: readonly VersionRange[];
}

/** Which requests a broker understands, and in which versions. The first request of each connection. */
export const apiVersions: Api<null, ApiVersionsResponse> = {
  name: "ApiVersions",
  key: 18,
  version: 3,
  write: (_, to) => void to.compactString("millrace").compactString("0").end(),
  read: (from) => ({ errorCode: from.int16(), ranges: from.compactArray(() => readRange(from)) }),
};

function readRange(from: ByteReader): VersionRange {
  const range = { key: from.int16(), min: from.int16(), max: from.int16() };
  from.end();
  return range;
}

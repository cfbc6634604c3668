import type { ByteReader } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";

/** One kind of request, in the version that is spoken. */
export interface Api<Request, Response> {
  readonly name: string;
  readonly key: number;
  readonly version: number;
  write(request: Request, to: ByteWriter): void;
  read(from: ByteReader): Response;
}

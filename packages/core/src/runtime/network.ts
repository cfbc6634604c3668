/** A byte stream to a peer. Reading ends with `null` when the peer closed its side. */
export interface Connection {
  read(): Promise<Uint8Array | null>;
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

export interface Network {
  /** Opens a TCP connection; throws a {@link NetworkError} with an errno code (`ECONNREFUSED` …). */
  connect(host: string, port: number, signal?: AbortSignal): Promise<Connection>;
}

/** A failed network operation: errno code and the peer's `host:port`. */
export class NetworkError extends Error {
  override readonly name = "NetworkError";
  readonly code: string;
  readonly address: string;
  constructor(code: string, address: string, options?: ErrorOptions) {
    super(`${code}: ${address}`, options);
    this.code = code;
    this.address = address;
  }
}

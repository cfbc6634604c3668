import { MillraceError } from "../../../errors/index.ts";

/** The key that user code is being called for: state is read and written under it. */
export class CurrentKey {
  #bytes: Uint8Array | null = null;
  start = 0;
  end = 0;
  /** Another number for each call: what was looked up for an earlier one no longer counts. */
  serial = 0;

  set(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes = bytes;
    this.start = start;
    this.end = end;
    this.serial++;
  }
  clear(): void {
    this.#bytes = null;
    this.serial++;
  }

  /** The key as an UnsafeRow in `bytes[start, end)`. @throws when no handler is running */
  bytes(operation: string): Uint8Array {
    if (this.#bytes !== null) return this.#bytes;
    throw new MillraceError("STATEFUL_PROCESSOR_CANNOT_PERFORM_OPERATION_WITH_INVALID_HANDLE_STATE", {
      operationType: operation,
      handleState: "INITIALIZED",
    });
  }
}

/** A value in an error message, cut to 80 characters. */
export function shownKey(key: unknown): string {
  const text =
    typeof key === "object"
      ? JSON.stringify(key, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value))
      : String(key);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

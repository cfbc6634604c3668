/** Text of another charset as UTF-8. */
import { encodeUtf8 } from "../../columnar/utf8.ts";
import type { FileCharset } from "../../logical-plan/option-reader.ts";
import type { ByteInput } from "./byte-input.ts";

const pieceBytes = 64 << 10;

export class TranscodedInput implements ByteInput {
  readonly #source: ByteInput;
  readonly #charset: FileCharset;
  #decoder: TextDecoder | null = null;
  readonly #piece = new Uint8Array(pieceBytes);
  #ready: Uint8Array = new Uint8Array(0);
  #finished = false;

  /** @param charset `utf-16`: a mark at the start tells its order of bytes, as in Java */
  constructor(source: ByteInput, charset: FileCharset) {
    this.#source = source;
    this.#charset = charset;
  }

  async read(target: Uint8Array, offset: number, length: number): Promise<number> {
    while (this.#ready.length === 0 && !this.#finished) {
      const size = await this.#source.read(this.#piece, 0, pieceBytes);
      this.#finished = size === 0;
      const piece = this.#piece.subarray(0, size);
      if (this.#charset === "iso-8859-1") {
        this.#ready = latin1(piece);
        continue;
      }
      this.#decoder ??= new TextDecoder(this.#label(size));
      this.#ready = encodeUtf8(this.#decoder.decode(piece, { stream: !this.#finished }));
    }
    const size = Math.min(length, this.#ready.length);
    target.set(this.#ready.subarray(0, size), offset);
    this.#ready = this.#ready.subarray(size);
    return size;
  }

  #label(size: number): string {
    if (this.#charset !== "utf-16") return this.#charset;
    return size >= 2 && this.#piece[0] === 0xff && this.#piece[1] === 0xfe ? "utf-16le" : "utf-16be";
  }

  close(): Promise<void> {
    return this.#source.close();
  }
}

/** The platform's decoder takes ISO-8859-1 for windows-1252. */
function latin1(bytes: Uint8Array): Uint8Array {
  const target = new Uint8Array(bytes.length * 2);
  let at = 0;
  for (const byte of bytes) {
    if (byte < 0x80) target[at++] = byte;
    else {
      target[at++] = 0xc0 | (byte >> 6);
      target[at++] = 0x80 | (byte & 0x3f);
    }
  }
  return target.subarray(0, at);
}

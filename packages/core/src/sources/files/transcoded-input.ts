/** Text of another charset as UTF-8. */
import { encodeUtf8 } from "../../columnar/utf8.ts";
import type { ByteInput } from "./byte-input.ts";

const pieceBytes = 64 << 10;

export class TranscodedInput implements ByteInput {
  readonly #source: ByteInput;
  readonly #encoding: string;
  #decoder: TextDecoder | null = null;
  readonly #piece = new Uint8Array(pieceBytes);
  #ready: Uint8Array = new Uint8Array(0);
  #finished = false;

  /** @param encoding a label that {@link TextDecoder} knows, or `utf-16`, which a mark at the start tells more of, as in Java */
  constructor(source: ByteInput, encoding: string) {
    this.#source = source;
    this.#encoding = encoding;
  }

  async read(target: Uint8Array, offset: number, length: number): Promise<number> {
    while (this.#ready.length === 0 && !this.#finished) {
      const size = await this.#source.read(this.#piece, 0, pieceBytes);
      this.#finished = size === 0;
      this.#decoder ??= new TextDecoder(this.#label(size));
      const text = this.#decoder.decode(this.#piece.subarray(0, size), { stream: !this.#finished });
      this.#ready = encodeUtf8(text);
    }
    const size = Math.min(length, this.#ready.length);
    target.set(this.#ready.subarray(0, size), offset);
    this.#ready = this.#ready.subarray(size);
    return size;
  }

  #label(size: number): string {
    if (this.#encoding !== "utf-16") return this.#encoding;
    return size >= 2 && this.#piece[0] === 0xff && this.#piece[1] === 0xfe ? "utf-16le" : "utf-16be";
  }

  close(): Promise<void> {
    return this.#source.close();
  }
}

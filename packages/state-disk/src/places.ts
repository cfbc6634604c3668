/** Where on disk the record of each entry lies: a segment's slot and the place in it in units of 8 bytes. */
const none = -1;

export class Places {
  #slots: Uint16Array = new Uint16Array(64);
  #words: Int32Array = new Int32Array(64).fill(none);

  get memoryBytes(): number {
    return 6 * this.#words.length;
  }

  /** Whether an entry has a record on disk. */
  has(entry: number): boolean {
    return entry < this.#words.length && this.#words[entry] !== none;
  }
  is(entry: number, slot: number, word: number): boolean {
    return entry < this.#words.length && this.#words[entry] === word && this.#slots[entry] === slot;
  }
  slot(entry: number): number {
    return this.#slots[entry]!;
  }
  word(entry: number): number {
    return this.#words[entry]!;
  }
  set(entry: number, slot: number, word: number): void {
    if (entry >= this.#words.length) this.#grow(entry);
    this.#slots[entry] = slot;
    this.#words[entry] = word;
  }
  remove(entry: number): void {
    if (entry < this.#words.length) this.#words[entry] = none;
  }
  clear(): void {
    this.#slots = new Uint16Array(64);
    this.#words = new Int32Array(64).fill(none);
  }

  #grow(entry: number): void {
    // By half: of fifty million entries a third would lie idle otherwise.
    const length = Math.max(entry + 1, this.#words.length + (this.#words.length >> 1));
    const slots = new Uint16Array(length);
    slots.set(this.#slots);
    const words = new Int32Array(length);
    words.set(this.#words);
    words.fill(none, this.#words.length);
    this.#slots = slots;
    this.#words = words;
  }
}

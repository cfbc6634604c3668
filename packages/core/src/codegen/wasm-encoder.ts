/** Writes the bytes of a WebAssembly module: the instructions that numeric loops are made of, and the sections around them. */

import { encodeUtf8 } from "../columnar/utf8.ts";

/** Types of values on WebAssembly's stack. 32-bit floats are computed as `f64` and rounded. */
export type Machine = "i32" | "i64" | "f64";
/** Encoded instructions. */
export type Bytes = readonly number[];

const valueTypes: Readonly<Record<Machine, number>> = { i32: 0x7f, i64: 0x7e, f64: 0x7c };

/** Instructions without an operand in the code. */
export const op = {
  return: 0x0f,
  drop: 0x1a,
  select: 0x1b,
  i32: {
    eqz: 0x45,
    eq: 0x46,
    ne: 0x47,
    lt: 0x48,
    gt: 0x4a,
    le: 0x4c,
    ge: 0x4e,
    add: 0x6a,
    sub: 0x6b,
    mul: 0x6c,
    rem: 0x6f,
    and: 0x71,
    or: 0x72,
    xor: 0x73,
    shl: 0x74,
    shr: 0x75,
    shrUnsigned: 0x76,
    geUnsigned: 0x4f,
    leUnsigned: 0x4d,
    extend8: 0xc0,
    extend16: 0xc1,
    fromI64: 0xa7,
    truncateF64: 0xaa,
  },
  i64: {
    eqz: 0x50,
    eq: 0x51,
    ne: 0x52,
    lt: 0x53,
    gt: 0x55,
    le: 0x57,
    ge: 0x59,
    leUnsigned: 0x58,
    add: 0x7c,
    sub: 0x7d,
    mul: 0x7e,
    div: 0x7f,
    rem: 0x81,
    or: 0x84,
    and: 0x83,
    xor: 0x85,
    shl: 0x86,
    shr: 0x87,
    shrUnsigned: 0x88,
    rotl: 0x89,
    extend32: 0xc4,
    fromI32: 0xac,
    fromI32Unsigned: 0xad,
    truncateF64: 0xb0,
    reinterpretF64: 0xbd,
  },
  f64: {
    eq: 0x61,
    ne: 0x62,
    lt: 0x63,
    gt: 0x64,
    le: 0x65,
    ge: 0x66,
    abs: 0x99,
    neg: 0x9a,
    trunc: 0x9d,
    add: 0xa0,
    sub: 0xa1,
    mul: 0xa2,
    div: 0xa3,
    fromI32: 0xb7,
    fromI32Unsigned: 0xb8,
    fromI64: 0xb9,
    fromF32: 0xbb,
    toF32: 0xb6,
  },
} as const;

/** Loads and stores, by what lies in memory; what is narrower is widened. */
const loads = { u8: 0x2d, i8: 0x2c, i16: 0x2e, i32: 0x28, i64: 0x29, f32: 0x2a, f64: 0x2b } as const;
const stores = { u8: 0x3a, i32: 0x36, i64: 0x37, f64: 0x39 } as const;

export function unsigned(value: number): Bytes {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
}
function signed(value: bigint): Bytes {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    const low = Number(rest & 0x7fn);
    if (rest >= -64n && rest < 64n) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}

export const i32Const = (value: number): Bytes => [0x41, ...signed(BigInt(value | 0))];
export const i64Const = (value: bigint): Bytes => [0x42, ...signed(BigInt.asIntN(64, value))];
export const f64Const = (value: number): Bytes => [0x44, ...new Uint8Array(Float64Array.of(value).buffer)];

/** Loads from the address on the stack plus `offset`; 32-bit floats are widened. */
export function load(width: keyof typeof loads, offset: number): Bytes {
  const code = [loads[width], 0, ...unsigned(offset)];
  return width === "f32" ? [...code, op.f64.fromF32] : code;
}
export const store = (width: keyof typeof stores, offset: number): Bytes => [stores[width], 0, ...unsigned(offset)];
export const getLocal = (index: number): Bytes => [0x20, ...unsigned(index)];

/** A block that is open; jumps name it. */
export interface Label {
  readonly depth: number;
}

/** The body of a function while it is written. */
export class WasmFunction {
  readonly #code: number[] = [];
  readonly #parameters: readonly Machine[];
  readonly #locals: Machine[] = [];
  #depth = 0;

  constructor(parameters: readonly Machine[]) {
    this.#parameters = parameters;
  }

  get size(): number {
    return this.#code.length;
  }

  get locals(): number {
    return this.#locals.length;
  }

  local(machine: Machine): number {
    this.#locals.push(machine);
    return this.#parameters.length + this.#locals.length - 1;
  }

  write(...parts: readonly (number | Bytes)[]): void {
    for (const part of parts) {
      if (typeof part === "number") this.#code.push(part);
      else for (const byte of part) this.#code.push(byte);
    }
  }

  setLocal(index: number): void {
    this.write(0x21, unsigned(index));
  }

  /** Runs `body` in a block; a jump to its label goes behind it, or for a loop to its start. */
  block(kind: "block" | "loop", body: (label: Label) => void): void {
    this.#open(kind === "block" ? 0x02 : 0x03, body);
  }

  /** Runs `body` when the number on the stack is not 0. */
  branch(body: () => void, otherwise?: () => void): void {
    this.#open(0x04, () => {
      body();
      if (otherwise === undefined) return;
      this.write(0x05);
      otherwise();
    });
  }

  #open(code: number, body: (label: Label) => void): void {
    this.write(code, 0x40);
    this.#depth++;
    body({ depth: this.#depth });
    this.#depth--;
    this.write(0x0b);
  }

  jump(label: Label): void {
    this.write(0x0c, unsigned(this.#depth - label.depth));
  }

  /** Jumps when the number on the stack is not 0. */
  jumpIf(label: Label): void {
    this.write(0x0d, unsigned(this.#depth - label.depth));
  }

  /** Type and code of the function, which returns one `i32`. */
  finish(): { readonly type: Bytes; readonly code: Bytes } {
    const type = [0x60, ...vector(this.#parameters.map((p) => [valueTypes[p]])), 1, valueTypes.i32];
    const locals = vector(this.#locals.map((machine) => [1, valueTypes[machine]]));
    const body = [...locals, ...this.#code, 0x0b];
    return { type, code: [...unsigned(body.length), ...body] };
  }
}

function vector(items: readonly Bytes[]): Bytes {
  return [...unsigned(items.length), ...items.flat()];
}
const section = (id: number, content: Bytes): Bytes => [id, ...unsigned(content.length), ...content];
const nameOf = (text: string): Bytes => vector([...encodeUtf8(text)].map((byte) => [byte]));

/** "\0asm" and the version. */
const header: Bytes = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** A module over the memory `env.memory` that exports its functions by the names given. */
export function encodeModule(functions: Readonly<Record<string, WasmFunction>>): Uint8Array {
  const names = Object.keys(functions);
  const finished = Object.values(functions).map((fn) => fn.finish());
  return Uint8Array.from([
    ...header,
    ...section(1, vector(finished.map(({ type }) => type))),
    ...section(2, vector([[...nameOf("env"), ...nameOf("memory"), 0x02, 0x00, 0x00]])),
    ...section(3, vector(finished.map((_, i) => unsigned(i)))),
    ...section(7, vector(names.map((name, i) => [...nameOf(name), 0x00, ...unsigned(i)]))),
    ...section(10, vector(finished.map(({ code }) => code))),
  ]);
}

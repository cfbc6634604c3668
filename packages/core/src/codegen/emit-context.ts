/**
 * Builds the body of one generated function: nested blocks of statements, bound constants, variables, and what has been
 * computed already in the blocks that are open.
 */
import { decodeUtf8, encodeUtf8 } from "../columnar/utf8.ts";
import { assertInvariant } from "../errors/index.ts";
import { identifier, js, joinCode, number } from "../functions/code.ts";
import type { Code, EmitContext, Emitted, ExactDecimal } from "../functions/emitter.ts";
import { shapeOf } from "../functions/emitter.ts";
import type { EvalContext } from "../functions/function.ts";
import { alwaysExact, exactBound, exactDecimal } from "../functions/exact-decimal.ts";
import type { DataType, DecimalType } from "../types/data-type.ts";
import { ExpressionIds } from "./expression-ids.ts";

interface Block {
  readonly lines: Code[];
  readonly known: Map<number, Emitted>;
}

const noBytes = new Uint8Array(0);

export class FunctionEmitter implements EmitContext {
  readonly context: EvalContext;
  readonly ids: ExpressionIds = new ExpressionIds();
  readonly #constants: unknown[] = [];
  readonly #constantCodes = new Map<unknown, Code>();
  readonly #preamble: Code[] = [];
  readonly #blocks: Block[] = [{ lines: [], known: new Map() }];
  #names = 0;

  constructor(context: EvalContext) {
    this.context = context;
  }

  bind(value: unknown): Code {
    const found = this.#constantCodes.get(value);
    if (found !== undefined) return found;
    const code = identifier("k", this.#constants.length);
    this.#constants.push(value);
    // Objects by identity; numbers are not shared, because a Map takes −0 for 0.
    if (typeof value === "object" || typeof value === "function") this.#constantCodes.set(value, code);
    return code;
  }

  fresh(prefix: "v" | "n" | "b" | "s" | "e" | "i" | "t" | "l" | "h" | "c" | "o"): Code {
    return identifier(prefix, this.#names++);
  }

  line(code: Code): void {
    this.#blocks.at(-1)!.lines.push(code);
  }

  /** Appends a statement that runs once per batch, before the loop. */
  hoist(code: Code): void {
    this.#preamble.push(code);
  }

  /** Runs `body` in a block of its own and returns the statements that it appended. */
  block(body: () => void): Code {
    this.#blocks.push({ lines: [], known: new Map() });
    body();
    return joinCode(this.#blocks.pop()!.lines, "\n");
  }

  branch(condition: Code, body: () => void, otherwise?: () => void): void {
    const yes = this.block(body);
    if (otherwise === undefined) {
      this.line(js`if (${condition}) {\n${yes}\n}`);
    } else {
      const no = this.block(otherwise);
      this.line(js`if (${condition}) {\n${yes}\n} else {\n${no}\n}`);
    }
  }

  /** What expression `id` was computed to, in this block or one around it. */
  known(id: number): Emitted | undefined {
    for (let i = this.#blocks.length - 1; i >= 0; i--) {
      const found = this.#blocks[i]!.known.get(id);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  remember(id: number, value: Emitted): void {
    this.#blocks.at(-1)!.known.set(id, value);
  }

  get depth(): number {
    return this.#blocks.length;
  }

  /** Variables for a value, NULL until assigned. */
  declare(type: DataType): Emitted {
    const isNull = this.fresh("n");
    this.line(js`let ${isNull} = true;`);
    const shape = shapeOf(type);
    switch (shape) {
      case "fixed": {
        const value = this.fresh("v");
        this.line(js`let ${value} = ${defaultCode(type)};`);
        return { shape, isNull, value };
      }
      case "boxed": {
        if (type.kind === "decimal") return this.#declareDecimal(type, isNull);
        const value = this.fresh("v");
        this.line(js`let ${value} = null;`);
        return { shape, isNull, value };
      }
      case "bytes": {
        const [bytes, start, end] = [this.fresh("b"), this.fresh("s"), this.fresh("e")];
        this.line(js`let ${bytes} = ${this.bind(noBytes)}, ${start} = 0, ${end} = 0;`);
        return { shape, isNull, bytes, start, end };
      }
      case "struct": {
        assertInvariant(type.kind === "struct", "struct shape");
        return { shape, isNull, fields: type.fields.map((f) => this.declare(f.type)) };
      }
    }
  }

  #declareDecimal(type: DecimalType, isNull: Code): Emitted {
    const exact = this.fresh("v");
    this.line(js`let ${exact} = 0;`);
    const bound = exactBound(type);
    if (alwaysExact(type)) return exactDecimal(this, isNull, { number: exact, bound });
    const wide = this.fresh("v");
    this.line(js`let ${wide} = 0n;`);
    return exactDecimal(this, isNull, { number: exact, wide, bound });
  }

  #assignDecimal(target: ExactDecimal, value: Emitted & { readonly shape: "boxed" }): void {
    const { number: to, wide } = target;
    if (value.exact === undefined) {
      if (wide === undefined) this.line(js`${to} = Number(${value.value});`);
      else this.line(js`${to} = NaN; ${wide} = ${value.value};`);
      return;
    }
    this.line(js`${to} = ${value.exact.number};`);
    if (value.exact.wide === undefined) return;
    if (wide === undefined) this.line(js`if (${to} !== ${to}) ${to} = Number(${value.exact.wide});`);
    else this.line(js`if (${to} !== ${to}) ${wide} = ${value.exact.wide};`);
  }

  assign(target: Emitted, value: Emitted): void {
    if (target.shape === "boxed" && target.exact !== undefined) {
      assertInvariant(value.shape === "boxed", "assigned value has the shape of its target");
      this.#assignDecimal(target.exact, value);
      this.line(js`${target.isNull} = ${value.isNull};`);
      return;
    }
    switch (target.shape) {
      case "fixed":
      case "boxed":
        assertInvariant(
          value.shape === "fixed" || value.shape === "boxed",
          "assigned value has the shape of its target",
        );
        this.line(js`${target.value} = ${value.value};`);
        break;
      case "bytes":
        assertInvariant(value.shape === "bytes", "assigned value has the shape of its target");
        this.line(
          js`${target.bytes} = ${value.bytes}; ${target.start} = ${value.start}; ${target.end} = ${value.end};`,
        );
        break;
      case "struct":
        assertInvariant(value.shape === "struct", "assigned value has the shape of its target");
        target.fields.forEach((f, i) => this.assign(f, value.fields[i]!));
        break;
    }
    this.line(js`${target.isNull} = ${value.isNull};`);
  }

  box(value: Emitted, type: DataType): Code {
    const present = this.#boxPresent(value, type);
    if (value.isNull === js.false) return present;
    if (value.isNull === js.true) return js.null;
    return js`(${value.isNull} ? null : ${present})`;
  }

  #boxPresent(value: Emitted, type: DataType): Code {
    switch (value.shape) {
      case "fixed":
      case "boxed":
        return value.value;
      case "bytes": {
        const make = type.kind === "string" ? decodeUtf8 : copyBytes;
        return js`${this.bind(make)}(${value.bytes}, ${value.start}, ${value.end})`;
      }
      case "struct":
        assertInvariant(type.kind === "struct", "struct shape");
        return js`[${joinCode(
          value.fields.map((f, i) => this.box(f, type.fields[i]!.type)),
          ", ",
        )}]`;
    }
  }

  unbox(code: Code, type: DataType): Emitted {
    const value = this.fresh("t");
    this.line(js`const ${value} = ${code};`);
    return this.#unboxLocal(value, type);
  }

  #unboxLocal(value: Code, type: DataType): Emitted {
    const isNull = this.fresh("n");
    this.line(js`const ${isNull} = ${value} === null;`);
    const shape = shapeOf(type);
    switch (shape) {
      case "fixed":
      case "boxed":
        return { shape, isNull, value };
      case "bytes": {
        const bytes = this.fresh("b");
        const present = type.kind === "string" ? js`${this.bind(encodeUtf8)}(${value})` : value;
        this.line(js`const ${bytes} = ${isNull} ? ${this.bind(noBytes)} : ${present};`);
        return { shape, isNull, bytes, start: number(0), end: js`${bytes}.length` };
      }
      case "struct": {
        assertInvariant(type.kind === "struct", "struct shape");
        const fields = type.fields.map((f, i) => this.unbox(js`${isNull} ? null : ${value}[${number(i)}]`, f.type));
        return { shape, isNull, fields };
      }
    }
  }

  /**
   * Makes the function: `(…parameters) => { constants; preamble; body }`.
   * @returns the function and its source, which `explain("codegen")` prints
   */
  build(
    parameters: readonly Code[],
    body: Code,
  ): { readonly run: (...args: never[]) => unknown; readonly source: string } {
    const constants = this.#constants.map((_, i) => js`const ${identifier("k", i)} = c[${number(i)}];`);
    const text = js`"use strict";\n${joinCode(constants, " ")}\nreturn function (${joinCode(parameters, ", ")}) {\n${joinCode(this.#preamble, "\n")}\n${body}\n};`;
    return instantiate(text, this.#constants);
  }
}

/** The only place where text becomes a program; it takes {@link Code}, which no text of a user's can become. */
function instantiate(
  code: Code,
  constants: readonly unknown[],
): { readonly run: (...args: never[]) => unknown; readonly source: string } {
  // The tag refuses anything that is not a fragment.
  const source = js`${code}`.__code;
  let factory = factories.get(source);
  if (factory === undefined) {
    // oxlint-disable-next-line typescript/no-implied-eval, no-new-func -- the source is built from our own literals only
    factory = new Function("c", source) as Factory;
    if (factories.size >= mostFactories) factories.delete(factories.keys().next().value!);
  } else factories.delete(source);
  // The last one used is the last in order.
  factories.set(source, factory);
  return { run: factory(constants), source };
}

type Factory = (constants: readonly unknown[]) => (...args: never[]) => unknown;

/**
 * Functions by their source, as many as were used last: a query that is started again, or the same computation in the next
 * batch, goes on with the machine code that V8 has made for it.
 */
const factories = new Map<string, Factory>();
const mostFactories = 512;

export function copyBytes(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return bytes.slice(start, end);
}

/** A value of a fixed-width type that is safe to compute with, for variables under a null. */
export function defaultCode(type: DataType): Code {
  switch (type.kind) {
    case "boolean":
      return js.false;
    case "bigint":
    case "timestamp":
    case "timestamp_ntz":
    case "time":
    case "interval_day_time":
      return number(0n);
    default:
      return number(0);
  }
}

/** WebAssembly as the kernels use it. The types of the API come with the DOM only. */
export interface KernelModule {
  readonly kind?: "module";
}
export interface KernelMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}
declare const WebAssembly: {
  readonly Module: new (binary: Uint8Array) => KernelModule;
  readonly Instance: new (
    module: KernelModule,
    imports: { readonly env: { readonly memory: KernelMemory } },
  ) => { readonly exports: unknown };
  readonly Memory: new (pages: { readonly initial: number; readonly maximum: number }) => KernelMemory;
};

/** Bytes of a page of memory. */
export const pageBytes: number = 64 << 10;

/** @param binary in base64 */
export function compileKernel(binary: string): KernelModule {
  return compileModule(Uint8Array.from(atob(binary), (c) => c.charCodeAt(0)));
}

export function compileModule(binary: Uint8Array): KernelModule {
  return new WebAssembly.Module(binary);
}

export function kernelMemory(bytes: number, maximumBytes: number = bytes): KernelMemory {
  return new WebAssembly.Memory({
    initial: Math.ceil(bytes / pageBytes),
    maximum: Math.ceil(maximumBytes / pageBytes),
  });
}

/** The functions of a kernel over a memory; the caller knows their types. */
export function instantiateKernel(module: KernelModule, memory: KernelMemory): unknown {
  return new WebAssembly.Instance(module, { env: { memory } }).exports;
}

/** Sixteen bytes 0xff and sixteen bytes 0: kernels cut the ends of strings off with sixteen of them. */
export const byteMasks: BigInt64Array = BigInt64Array.of(-1n, -1n, 0n, 0n);

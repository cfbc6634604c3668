export { createNodeRuntime } from "./node-runtime.ts";
export { NodeFileSystem } from "./node-file-system.ts";
export { nodeWorkerPort } from "./node-workers.ts";

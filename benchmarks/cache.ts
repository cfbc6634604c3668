import { fileURLToPath } from "node:url";

/** Generated inputs and installed peers; safe to delete. */
export const cacheDirectory: string = fileURLToPath(new URL("./.cache", import.meta.url));

/** `@millrace/kafka`: what `format("kafka")` loads. Install the package; nothing is to be imported from it. */
export { sourceProvider } from "./source/provider.ts";
export { sinkProvider } from "./sink/provider.ts";

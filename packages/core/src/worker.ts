/** Entry point of the threads that run parts of plans. */
import { loadTemporal } from "./columnar/temporal.ts";
import { createNodeRuntime, nodeWorkerPort } from "./runtime/node/index.ts";
import { serveTasks } from "./session/serve-tasks.ts";

const port = nodeWorkerPort();
if (port !== null) {
  serveTasks(
    port,
    createNodeRuntime({ blockingReads: true }),
    loadTemporal().then(() => undefined),
  );
}

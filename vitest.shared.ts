import type { ViteUserConfig } from "vitest/config";

/** The export condition under which the packages of this repository resolve to their TypeScript sources. */
const conditions = ["millrace-source", "module", "node", "development|production"];

/** Settings that every test configuration of the repository has in common. */
export const shared: ViteUserConfig = {
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ["millrace-source", "node"] } },
};

/** Given to the test processes, and by them to their worker threads, which load sources without vitest. */
export const execArgv: string[] = ["--conditions=millrace-source"];

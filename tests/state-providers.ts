/** The ways to keep state that suites of operators run with, by name, as settings of a session. */
export const stateProviders: Readonly<Record<"memory" | "disk", Readonly<Record<string, string>>>> = {
  memory: {},
  // Nothing that was only read stays in memory, so that everything is looked up on the disk again and again.
  disk: {
    "spark.sql.streaming.stateStore.providerClass": "@millrace/state-disk",
    "millrace.state.cacheBytes": "1",
  },
};

import type { ProcessInfo } from "../runtime/process-info.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { LogLevel } from "./engine.ts";

const severities: Readonly<Record<string, number>> = {
  ALL: 0,
  TRACE: 0,
  DEBUG: 1,
  INFO: 2,
  WARN: 3,
  ERROR: 4,
  FATAL: 5,
  OFF: 6,
};

/** A runtime whose log lets through only what is at least as severe as the level, which can change. */
export function leveledRuntime(
  runtime: Runtime,
  initial: LogLevel,
): { readonly runtime: Runtime; set(level: LogLevel): void } {
  let least = severities[initial]!;
  const process: ProcessInfo = new Proxy(runtime.process, {
    get(target, property) {
      if (property === "log") {
        return (level: keyof typeof severities & ("ERROR" | "WARN" | "INFO" | "DEBUG"), message: string) => {
          if (severities[level]! >= least) target.log(level, message);
        };
      }
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
  return {
    runtime: { ...runtime, process },
    set(level) {
      least = severities[level]!;
    },
  };
}

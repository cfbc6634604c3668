/** Installs what several suites need before they start beside each other. */
import { duckdbPython, sparkPython } from "../../scripts/python-environments.ts";

export function setup(): void {
  const log = (line: string): void => void process.stdout.write(`${line}\n`);
  sparkPython(log);
  duckdbPython(log);
}

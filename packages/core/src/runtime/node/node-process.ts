import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, hostname, tmpdir, totalmem } from "node:os";
import type { ProcessInfo } from "../process-info.ts";

/** Field 22 of /proc/PID/stat: start of the process in clock ticks since boot. The name (field 2) may hold spaces. */
function startTimeFromProc(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

function outputOf(command: string, parameters: readonly string[]): string | null {
  try {
    return execFileSync(command, parameters, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return null;
  }
}

/** Start time as text that stays equal for the life of a process; null when no such process lives. */
function startTimeOf(pid: number): string | null {
  if (process.platform === "linux") return startTimeFromProc(pid);
  if (process.platform !== "win32") {
    const started = outputOf("ps", ["-o", "lstart=", "-p", String(pid)]);
    return started === null || started === "" ? null : started;
  }
  try {
    process.kill(pid, 0);
    return "unknown";
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM" ? "unknown" : null;
  }
}

function readBootId(): string {
  if (process.platform === "linux") {
    try {
      return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
    } catch {
      return "unknown";
    }
  }
  return outputOf("sysctl", ["-n", "kern.boottime"]) ?? "unknown";
}

/** One for the process: each session has its own NodeProcess. */
const heldCheckpoints = new Set<string>();

/** This process as the operating system sees it. What costs a system call is read when it is first asked for. */
export class NodeProcess implements ProcessInfo {
  readonly heldCheckpoints: Set<string> = heldCheckpoints;
  readonly pid: number = process.pid;
  #startTime: string | null = null;
  #bootId: string | null = null;

  get startTime(): string {
    return (this.#startTime ??= startTimeOf(process.pid) ?? "unknown");
  }
  get bootId(): string {
    return (this.#bootId ??= readBootId());
  }
  get hostName(): string {
    return hostname();
  }
  async isAlive(pid: number, startTime: string): Promise<boolean> {
    return startTimeOf(pid) === startTime;
  }
  get workingDirectory(): string {
    return process.cwd();
  }
  get timeZone(): string {
    return new Intl.DateTimeFormat().resolvedOptions().timeZone;
  }
  get temporaryDirectory(): string {
    return tmpdir();
  }
  print(text: string): void {
    process.stdout.write(text);
  }
  log(level: "ERROR" | "WARN" | "INFO" | "DEBUG", message: string): void {
    process.stderr.write(`${new Date().toISOString()} ${level} ${message}\n`);
  }
  env(name: string): string | undefined {
    return process.env[name];
  }
  get cpuCount(): number {
    return availableParallelism();
  }
  memoryUsedBytes(): number {
    return process.memoryUsage.rss();
  }
  get memoryTotalBytes(): number {
    // 0 or a huge number: no limit.
    const limit = process.constrainedMemory();
    return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
  }
}

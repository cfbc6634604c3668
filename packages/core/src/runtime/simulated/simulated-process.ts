import type { ProcessInfo } from "../process-info.ts";

/** Text of a log line with its level, as the process wrote it. */
export interface LoggedLine {
  readonly level: "ERROR" | "WARN" | "INFO" | "DEBUG";
  readonly message: string;
}

/** The processes that live on one simulated machine, as `pid/startTime`. */
export type AliveProcesses = Set<string>;

export interface SimulatedProcessOptions {
  readonly pid?: number;
  readonly startTime?: string;
  readonly bootId?: string;
  readonly hostName?: string;
  /** Shared by the processes of one machine. */
  readonly alive?: AliveProcesses;
  readonly environment?: Readonly<Record<string, string>>;
  readonly cpuCount?: number;
}

/** A process that keeps what it prints and logs. */
export class SimulatedProcess implements ProcessInfo {
  readonly pid: number;
  readonly startTime: string;
  readonly bootId: string;
  readonly hostName: string;
  readonly temporaryDirectory: string = "/tmp";
  readonly workingDirectory: string = "/";
  readonly timeZone: string = "UTC";
  readonly cpuCount: number;
  readonly alive: AliveProcesses;
  readonly heldCheckpoints: Set<string> = new Set();
  readonly printed: string[] = [];
  readonly logged: LoggedLine[] = [];
  readonly #environment: ReadonlyMap<string, string>;

  constructor(options: SimulatedProcessOptions = {}) {
    this.pid = options.pid ?? 100;
    this.startTime = options.startTime ?? "1000";
    this.bootId = options.bootId ?? "boot-1";
    this.hostName = options.hostName ?? "machine";
    this.cpuCount = options.cpuCount ?? 1;
    this.alive = options.alive ?? new Set();
    this.alive.add(`${this.pid}/${this.startTime}`);
    this.#environment = new Map(Object.entries(options.environment ?? {}));
  }
  /** All that was printed, as one text. */
  get output(): string {
    return this.printed.join("");
  }
  async isAlive(pid: number, startTime: string): Promise<boolean> {
    return this.alive.has(`${pid}/${startTime}`);
  }
  /** Takes the process off the machine. */
  die(): void {
    this.alive.delete(`${this.pid}/${this.startTime}`);
  }
  print(text: string): void {
    this.printed.push(text);
  }
  log(level: LoggedLine["level"], message: string): void {
    this.logged.push({ level, message });
  }
  env(name: string): string | undefined {
    return this.#environment.get(name);
  }
  readonly memoryTotalBytes: number = 8 * 2 ** 30;
  memoryUsedBytes(): number {
    return 0;
  }
}

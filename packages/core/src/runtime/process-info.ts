/** Who runs: what a lease on a checkpoint needs to tell a living holder from a dead one. */
export interface ProcessInfo {
  readonly pid: number;
  /** Start of this process as the operating system counts it; with the pid it identifies a process within one boot. */
  readonly startTime: string;
  /** Changes with every boot of the machine. */
  readonly bootId: string;
  readonly hostName: string;
  /**
   * Checkpoints that runs of this process hold, whatever their session: a lease of our own pid that is not here was left
   * by a failed run.
   */
  readonly heldCheckpoints: Set<string>;
  /** Whether a process with this pid and start time lives now. */
  isAlive(pid: number, startTime: string): Promise<boolean>;
  /** Directory for temporary files. */
  readonly temporaryDirectory: string;
  /** Absolute directory that relative paths start from. */
  readonly workingDirectory: string;
  /** IANA name of the time zone of this process. */
  readonly timeZone: string;
  /** Writes text to the standard output (console sink, show). */
  print(text: string): void;
  /** Writes a diagnostic line to the standard error. */
  log(level: "ERROR" | "WARN" | "INFO" | "DEBUG", message: string): void;
  /** Environment variable. */
  env(name: string): string | undefined;
  readonly cpuCount: number;
  memoryUsedBytes(): number;
  /** Memory of the machine, or of the container when that has less. */
  readonly memoryTotalBytes: number;
}

/** What a vitest JSON report (the format of Jest) says about a run. */
export interface TestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests?: number;
  readonly numTodoTests?: number;
  readonly testResults?: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

/**
 * `N passed, M failed`, with `, K skipped` when tests were left out. A file that failed to load has no failed test of its
 * own and counts as one.
 */
export function countTests(report: TestReport): string {
  const broken = (report.testResults ?? []).filter(
    (file) => file.status === "failed" && !file.assertionResults.some((each) => each.status === "failed"),
  );
  const skipped = (report.numPendingTests ?? 0) + (report.numTodoTests ?? 0);
  const counts = `${report.numPassedTests} passed, ${report.numFailedTests + broken.length} failed`;
  return skipped === 0 ? counts : `${counts}, ${skipped} skipped`;
}

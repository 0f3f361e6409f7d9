/** `node scripts/count-tests.ts REPORT`: says in one line what Vitest's JSON report counted. */
import { existsSync, readFileSync } from 'node:fs';

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

const file = process.argv[2] ?? '';
if (!existsSync(file)) {
  console.log('no test ran: see above what stopped before');
  process.exit(1);
}
const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
// A file that cannot be loaded fails without a test of its own to blame.
const brokenFiles = report.testResults.filter(
  ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
);
const failed = report.numFailedTests + brokenFiles.length;
const skipped = report.numPendingTests + report.numTodoTests;
console.log(`${report.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);

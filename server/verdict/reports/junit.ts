import { createRequire } from 'node:module';
import type { Builder } from 'junit-report-builder';
import { printableLine } from '../../printable.ts';
import { type CheckResult, describeRun, forReaders, type VerdictReport } from '../verdict.ts';

// Its types say `default` where its code has none.
const junit: Builder = createRequire(import.meta.url)('junit-report-builder');

/** The verdict as JUnit XML: a test case for each check; what is inconclusive counts as skipped, with the reason. */
export function renderJunitReport(report: VerdictReport): string {
  const { scenario: given, seed, checks, means } = report;
  const scenario = printableLine(given);
  const builder = junit.newBuilder();
  const suite = builder.testSuite().name(`seedance-mock ${scenario}`).property('seed', `${seed}`);
  for (const line of describeRun(report)) suite.property('run', printableLine(line));
  suite.property('means', printableLine(means));
  for (const result of checks) {
    const { check, outcome } = result;
    const testCase = suite.testCase().className(`seedance-mock.${scenario}`).name(printableLine(check));
    const told = tell(result);
    if (outcome === 'fail') testCase.failure(told, findingOf(result));
    // The library escapes only the first end of a CDATA section.
    else testCase.standardOutput(told.replaceAll(']]>', ']]\\u003e'));
    if (outcome === 'inconclusive') testCase.skipped();
  }
  return builder.build();
}

const findingOf = ({ clients }: CheckResult): string =>
  printableLine(clients.find(({ outcome }) => outcome === 'fail')?.finding ?? 'fail');

function tell({ expected, doubt, clients }: CheckResult): string {
  const { shown, others } = forReaders(clients);
  return [
    `expected ${expected}`,
    ...(doubt === undefined ? [] : [`cannot be told: ${doubt}`]),
    ...shown.flatMap(({ client = 'run', outcome, seen, events, hint }) => [
      `${outcome} ${client}: ${seen}${events.length > 0 ? ` (events ${events.join(', ')})` : ''}`,
      ...(hint === undefined ? [] : [hint]),
    ]),
    ...others,
  ]
    .map(printableLine)
    .join('\n');
}

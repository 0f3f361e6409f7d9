/** Judges a journal of so many events, and prints how long that took and how much memory the process had at most. */

import { judge } from '../../server/verdict/judge.ts';
import { checks } from '../../server/verdict/table.ts';
import { answers, asks, opens, resets, type Step, tell } from '../../server/verdict/testing.ts';

const EVENTS = Number(process.argv[2]);
const REQUESTS_PER_CONNECTION = 20;

/** Connections of a client that polls, each cut with its last poll. */
function* story(): Iterable<Step> {
  let told = 0;
  for (let connection = 1; told < EVENTS; connection++) {
    const steps = liveOf(connection);
    told += steps.length;
    yield* steps;
  }
}

function liveOf(connection: number): readonly Step[] {
  const at = connection * 1_000;
  const steps: Step[] = [...opens(at, connection)];
  for (let request = 1; request <= REQUESTS_PER_CONNECTION; request++) {
    const path = `/api/v3/contents/generations/tasks/cgt-${(connection * REQUESTS_PER_CONNECTION + request) % 100}`;
    steps.push(asks(at + request * 10, connection, request, { path, clientRequestId: `${connection}-${request}` }));
    if (request < REQUESTS_PER_CONNECTION) steps.push(answers(at + request * 10 + 5, connection, request, { path }));
  }
  steps.push(resets(at + 500, connection, REQUESTS_PER_CONNECTION));
  return steps;
}

const journal = tell(story(), 2 * EVENTS);
const expect = checks.map((check) => check.bind(check.params.parse({})));

const startedAt = performance.now();
const { report } = judge(journal, { scenario: 'bench', seed: 1, expect });
const ms = performance.now() - startedAt;
console.log(
  JSON.stringify({
    ms,
    bytes: process.resourceUsage().maxRSS * 1_024,
    events: report.events,
    checks: report.checks.length,
  }),
);

import { renderSettings } from '../faults/reference.ts';
import { REPEATED_WITHIN_MS } from './calls.ts';
import type { Check } from './check.ts';
import { PROOFS_KEPT } from './tally.ts';

/** The reference of the checks, as `server/verdict/README.md` shows it. */
export const renderReference = (checks: readonly Check[]): string => `# Checks

What a client can be judged by. A scenario names a check under \`expect:\`, bare or with settings:

\`\`\`yaml
expect:
  - no-duplicate-creates
  - backoff: { base: 100ms, factor: 2, max: 30s, jitter: 100ms }
\`\`\`

Each check reads the journal alone and comes to \`pass\`, \`fail\` or \`inconclusive\`, with one sentence of what was seen, the events that
prove it, and a hint what to change in the client. The verdict is \`fail\` where one check fails, else \`inconclusive\` where one is, else
\`pass\`. It covers the run since the scenario was loaded, or started over, for the last time.

Checks read events as they come and keep the first ${PROOFS_KEPT} proofs of each finding, so that the verdict does not depend on what the journal
still holds. A failure that rests on something that has not happened, such as a task that was never followed, may still change: while
clients are at work (\`GET /report\` without \`final=true\`, but for JUnit), the report says so (\`provisional\` in JSON), and who waits for its
next attempt has not given up in \`recovers-within\`, \`creates-accounted\` and \`success-rate\`, unless it has closed its last connection.

**A client** is identified by what its requests say (\`clients:\` in the scenario). A connection that was cut before a request named its client belongs to the only client that it
can be, by address and TLS fingerprint; of several it is counted, named in one line, and not judged. Several clients are judged separately: a check
fails when one of them fails it, and passes when one passes and none fails. Where requests come by turns on several connections of one client,
it may be one pool or several programs: \`backoff\`, \`retry-after-respected\`, \`no-duplicate-creates\`, \`pool-size\` and \`poll-interval\` then fail only
if a connection by itself fails too, and are inconclusive otherwise.

**A logical call** is what a client wanted once; its attempts are grouped by idempotency key (\`Idempotency-Key\`), else by
\`X-Client-Request-Id\` or by trace id, with method, path, query and body, else by these alone, where the attempt before had failed by then, and no
more than ${REPEATED_WITHIN_MS / 1_000} s ago, beside what its \`Retry-After\` asked to wait: SDKs give each attempt an id of its own. A GET that succeeded ends its call:
the next poll is a new one. So does a GET for the task that a lost create has made: the same create after it is meant. A create that differs from a
failed one in \`seed\` or \`safety_identifier\` alone may be another attempt at it, or another video. An attempt has *failed* when its
answer did not come whole, or was 408, 425, 429, 500, 502, 503 or 504. An answer that went out has not come where a fault dropped a frame of it, made it
unreadable, or let nothing of its connection pass until the client left. A call that the client itself gave up has failed only if its answer had not gone
out whole and a fault was at work on it; any other answer that a fault altered may be asked for again, and need not. A retry on another connection with the same ids and bytes, at once after
a used connection was cut without an answer, is one of the *transport*: Chromium, OkHttp and Go send again by themselves. Any other is one of the *application*
or its SDK. The hints of \`backoff\` and \`no-duplicate-creates\` say which.

**Times** are the client's: where the lane's clock runs 20 times as fast, 20 lane seconds are one of the client's.
What the service then ended sooner than it would in the client's time is left out: a connection that the idle or the heartbeat rule cut, a
callback that timed out. A manual clock is the client's own where the program that holds the mock in its process advances it. Where the admin API
advances it, the clients may wait by it or by the real clock: each check reads the run both ways, and what the two do not agree on is
inconclusive and names both.

**Inconclusive** is what could not be told: no fault of the scenario ever struck, there were too few samples, the journal had lost events,
or the path to the client turns resets into FINs and the check depends on them. Never a silent pass.

To add a check: a file here, its test beside it, a line in \`table.ts\`, a scenario in which a naive client fails it and a hardened one
passes. This page is made from the table by a test; \`npx vitest run server/verdict -u\` writes it anew.

${checks.map(renderCheck).join('\n')}`;

const renderCheck = ({ name, summary, definition, params }: Check): string => `### ${name}

${summary}

${definition}

${renderSettings(name, params)}
`;

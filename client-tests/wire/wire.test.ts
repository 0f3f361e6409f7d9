import { expect, test } from 'vitest';
import { Capture } from './capture.ts';
import type { Conversation } from './conversation.ts';
import { kinds } from './kinds.ts';
import { type Kind, type Pair, type Played, play } from './scene.ts';

/** Of each pair of `by` and `how` that can occur, and of all together. */
const ENDS_OF_EACH = 10;
const ENDS = 200;
/** It takes some 10 s on two cores. Where ends are missing it takes more, as it waits for each. */
const LIMIT_MS = 120_000;

const capture = await Capture.open();

const title = 'journal and packet capture agree on how every connection ends';
test.skipIf(!capture)(title, { timeout: LIMIT_MS }, async () => {
  if (!capture) return;
  await using _ = capture;
  const all: Played[] = [];
  for (const kind of kinds) all.push(await play(kind, capture));
  expect(await capture.finish(), 'packets that the capture lost').toBe(0);

  expect(all.flatMap(compare).join('\n')).toBe('');
  const ends = all.flatMap(({ ended }) => ended);
  expect(ends.length).toBeGreaterThan(ENDS);
  const counts = Object.groupBy(ends, ({ by, how }): Pair => `${by}/${how}`);
  for (const pair of new Set(kinds.map(({ ends }) => ends))) {
    expect(counts[pair]?.length ?? 0, `ends that are ${pair}`).toBeGreaterThanOrEqual(ENDS_OF_EACH);
  }
});

/** Compares what the journal and the capture say of the connections of one kind.
 * @returns each disagreement, with both sides of it */
function compare({ kind, times, opened, ended, bugs, conversations }: Played): string[] {
  const found = bugs.map((bug) => `${kind.title}: a bug: ${bug}`);
  if (opened.length !== times) found.push(`${kind.title}: the journal has ${opened.length} connections, not ${times}`);
  for (const { connection, remote } of opened) {
    // The capture may have others: a port that is free again is anyone's.
    const conversation = conversations.find(({ port }) => remote.endsWith(`:${port}`));
    const ends = ended.filter((event) => event.connection === connection);
    const wrong = wrongWith(kind, ends, conversation);
    if (wrong === undefined) continue;
    const journal = ends.map(({ by, how, cause }) => `${by}/${how} ${cause ?? ''}`.trimEnd()).join(', ');
    found.push(
      `${kind.title}, connection ${connection}: ${wrong}`,
      `  journal  ${journal}`,
      `  wire     ${conversation?.transcript ?? ''}`,
    );
  }
  return found;
}

function wrongWith(kind: Kind, ends: Played['ended'], conversation: Conversation | undefined): string | undefined {
  const [end] = ends;
  if (!conversation) return 'the capture does not have it';
  if (!end || ends.length > 1) return `the journal has ${ends.length} ends of it, not 1`;
  return conversation.contradicts(end) ?? (`${end.by}/${end.how}` === kind.ends ? undefined : `expected ${kind.ends}`);
}

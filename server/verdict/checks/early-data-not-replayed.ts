import { z } from 'zod';
import { defineCheck, fail, inconclusive, many, pass } from '../check.ts';

/** Early data has no protection against replay (RFC 8446, section 8, and reference, B8). */
export const earlyDataNotReplayed = defineCheck({
  name: 'early-data-not-replayed',
  summary: 'After a cut amid early data, comes back with a full handshake.',
  definition: `Of each connection whose ClientHello announced early data and that the service cut before it answered a request, looks at the next
connection that the client opened after the cut: early data again is *replayed*. Inconclusive where no early data was cut, or nobody came back.`,
  params: z.strictObject({}),
  expects: () => 'no early data on the connection after one that was cut amid early data',
  judgeClient({ connections }) {
    const pairs = connections.flatMap((connection) => {
      const { hello, ended, requests } = connection;
      if (!hello?.earlyData || !ended || ended.by === 'client' || requests.some(({ answer }) => answer)) return [];
      // Not one that was on its way already when the cut came.
      const next = connections.find((later) => later.hello && (later.opened?.seq ?? 0) > ended.seq)?.hello;
      return next ? [{ hello, next }] : [];
    });
    if (pairs.length === 0) return inconclusive('no early data of it was cut before it came back');
    const replayed = pairs.filter(({ next }) => next.earlyData);
    const events = (those: typeof pairs) => those.flatMap(({ hello, next }) => [hello.seq, next.seq]);
    if (replayed.length === 0)
      return pass(`came back without early data ${many(pairs.length, 'time')}`, { events: events(pairs) });
    return fail(`sent early data again after ${replayed.length} of ${many(pairs.length, 'cut')}`, {
      finding: 'replayed',
      hint: 'Forget the session ticket after a handshake that failed, and send early data for GET alone.',
      events: events(replayed),
    });
  },
});

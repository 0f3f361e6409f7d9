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
  client: {
    watch(tally) {
      /** The early data that was cut, until the client comes back. */
      let cut: { readonly hello: number; readonly at: number } | undefined;
      return {
        hello({ hello, opened }) {
          // Not one that was on its way already when the cut came.
          // Stryker disable next-line EqualityOperator: no two events have the same number.
          if (!hello || !cut || (opened?.seq ?? 0) < cut.at) return;
          tally.note(hello.earlyData ? 'replayed' : 'came back', [cut.hello, hello.seq]);
          cut = undefined;
        },
        ended({ hello, ended, served }) {
          if (hello?.earlyData && ended && ended.by !== 'client' && !served) cut = { hello: hello.seq, at: ended.seq };
        },
      };
    },
    judge(tally) {
      const [replayed, back] = [tally.of('replayed').count, tally.of('came back').count];
      if (replayed + back === 0) return inconclusive('no early data of it was cut before it came back');
      if (replayed === 0) return pass(`came back without early data ${many(back, 'time')}`, tally.proofs('came back'));
      return fail(`sent early data again after ${replayed} of ${many(replayed + back, 'cut')}`, {
        finding: 'replayed',
        hint: 'Forget the session ticket after a handshake that failed, and send early data for GET alone.',
        ...tally.proofs('replayed'),
      });
    },
  },
});

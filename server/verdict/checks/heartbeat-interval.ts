import { z } from 'zod';
import { duration, renderDuration } from '../../scenario/duration.ts';
import { defineCheck, doubtful, fail, inconclusive, many, onlyHurried, pass } from '../check.ts';
import type { ClientTime } from '../client-time.ts';
import { type Connection, isHurriedOff } from '../facts.ts';
import type { Tally } from '../tally.ts';

/** Heartbeats, started with the connection and stopped with it (reference, A6 and C1). */
export const heartbeatInterval = defineCheck({
  name: 'heartbeat-interval',
  summary: 'Sends a heartbeat on every connection that lives long enough to need one.',
  definition: `On each connection, the longest time without a heartbeat (PING, \`x-client-timestamp\`, or the heartbeat endpoint): from its
opening to the first, between two, and from the last to its end, or to the end of the run. Longer than \`within\` and \`late\`, or so long that the
service cut it, is *too rare*, or *missing* where there was none. Beside it, the skew: how far the time that the client reports lies from
ours; more than \`skew\` is *skewed clock*. Connections that live shorter than \`within\` and send none tell nothing; inconclusive where
all of them do. Inconclusive, too, where it depends on heartbeats whose \`x-client-timestamp\` is no
time within a day of ours: the mock takes them by their arrival. So does a silence that a rule ended too soon, for the lane's clock ran ahead.`,
  params: z.strictObject({
    within: duration({ minMs: 1 }).default(30_000).describe('The longest time without a heartbeat.'),
    late: duration().default(500).describe('A heartbeat may be this much later: machines are busy.'),
    skew: duration().default(5_000).describe("How far the client's clock may be off."),
  }),
  expects: ({ within }) => `a heartbeat at least every ${renderDuration(within)} on each connection`,
  client: {
    watch: (tally, params, { time }) => ({
      ended(connection) {
        measure(tally, connection, params, { time, latest: connection.ended });
      },
    }),
    judge(tally, params, { time, latest, openConnections }) {
      for (const connection of openConnections) measure(tally, connection, params, { time, latest });
      const judged = tally.of('judged');
      const hurried = tally.of('hurried').count;
      if (judged.count === 0 && hurried > 0) return onlyHurried(hurried, tally.proofs('hurried'));
      if (judged.count === 0)
        return inconclusive(`no connection of it lived for ${renderDuration(params.within)} or beat`);
      const [skewed, rare, beats] = [tally.of('skewed clock'), tally.of('rare'), tally.of('beats').sum];
      const skewMs = furthest(tally.of('skew').least?.value, tally.of('skew').most?.value);
      const longestMs = judged.most?.value ?? 0;
      const figures = { connections: judged.count, beats, longestMs, skewMs };
      if (skewed.most)
        return fail(`its clock is ${seconds(skewed.most.value)} ${skewed.most.what}`, {
          finding: 'skewed clock',
          hint: 'Set the clock (NTP): the age of a heartbeat is judged by the time that the client reports.',
          ...tally.proofs('skewed clock'),
          figures,
        });
      const { most: delayed } = tally.of('delayed');
      if (!rare.most && delayed)
        return doubtful(
          `its heartbeats were ${seconds(delayed.value)} old, on a connection that a fault slows: the line, or its clock`,
          { ...tally.proofs('delayed'), figures },
        );
      const [unreadable] = tally.of('unreadable').first;
      if (!rare.most && unreadable)
        return doubtful(
          `its \`x-client-timestamp\` "${unreadable.what}" is no time of today: a heartbeat by its arrival, or none`,
          {
            ...tally.proofs('unreadable'),
            hint: 'Send the time in Unix milliseconds, or as RFC 3339: the service judges a heartbeat by it.',
            figures,
          },
        );
      if (!rare.most)
        return pass(
          `${many(beats, 'heartbeat')} on ${many(judged.count, 'connection')}, at most ${seconds(longestMs)} apart, clock off by ${seconds(Math.abs(skewMs))}`,
          { ...tally.proofs('judged'), figures },
        );
      const isMissing = tally.of('missing').most?.value === rare.most.value;
      const silence = `${isMissing ? 'sent no heartbeat' : 'was silent'} for ${seconds(rare.most.value)}`;
      return fail(`${silence} on ${rare.most.what} (${rare.count} of ${many(judged.count, 'connection')})`, {
        finding: isMissing ? 'missing' : 'too rare',
        hint: 'Start a PING timer when a connection opens and stop it when it is lost; under 8 s it also keeps an idle connection.',
        ...tally.proofs('rare'),
        figures,
      });
    },
  },
});

const seconds = (ms: number) => (ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`);

const furthest = (least = 0, most = 0) => (Math.abs(least) > Math.abs(most) ? least : most);

interface Until {
  readonly time: ClientTime;
  readonly latest: { readonly at: number } | undefined;
}

/** Notes nothing of a connection whose beginning the journal does not know, or that never finished its handshake. */
function measure(
  tally: Tally,
  connection: Connection,
  { within, late, skew }: { readonly within: number; readonly late: number; readonly skew: number },
  { time, latest }: Until,
): void {
  const { id, opened, secured, ended, beats, struck } = connection;
  if (!opened || !secured) return;
  const { count, last, longestGapMs, skewMs = 0, unreadable, lastSure, longestSureGapMs } = beats;
  const ruled = beats.ruled && !time.isHurried(beats.ruled) ? beats.ruled : undefined;
  const gapMs = Math.max(longestGapMs, time.between(last ?? opened, latest ?? opened));
  const events = [opened.seq, ...(ruled ? [ruled.seq] : []), ...(ended ? [ended.seq] : [])];
  if (Math.abs(skewMs) > skew) {
    // What a fault delayed is old when it arrives.
    // Stryker disable next-line EqualityOperator: a skew of 0 is not too large.
    const kind = struck && skewMs > 0 ? 'delayed' : 'skewed clock';
    // Stryker disable next-line EqualityOperator: a skew of 0 is not too large.
    tally.note(kind, events, Math.abs(skewMs), skewMs > 0 ? 'behind' : 'ahead');
  }
  const isRare = gapMs > within + late || ruled !== undefined;
  if (!isRare && isHurriedOff(connection, time)) tally.note('hurried', events);
  if (!isRare && count === 0) return;
  tally.note('judged', events, gapMs);
  const sureGapMs = Math.max(longestSureGapMs, time.between(lastSure ?? opened, latest ?? opened));
  if (unreadable && (!lastSure || sureGapMs > within + late))
    tally.note('unreadable', [opened.seq, unreadable.seq], sureGapMs, unreadable.unreadable);
  tally.note('beats', [], count);
  tally.note('skew', [], skewMs);
  if (!isRare) return;
  if (count === 0) tally.note('missing', events, gapMs);
  tally.note('rare', events, gapMs, `connection ${id}${ruled ? ', and the service cut it' : ''}`);
}

import { z } from 'zod';
import { duration, renderDuration } from '../../scenario/duration.ts';
import { defineCheck, fail, inconclusive, many, pass } from '../check.ts';
import type { Connection, Evidence } from '../evidence.ts';

/** Heartbeats, started with the connection and stopped with it (reference, A6 and C1). */
export const heartbeatInterval = defineCheck({
  name: 'heartbeat-interval',
  summary: 'Sends a heartbeat on every connection that lives long enough to need one.',
  definition: `On each connection, the longest time without a heartbeat (PING, \`x-client-timestamp\`, or the heartbeat endpoint): from its
opening to the first, between two, and from the last to its end, or to the end of the run. Longer than \`within\`, or so long that the
service cut it, is *too rare*, or *missing* where there was none. Beside it, the skew: how far the time that the client reports lies from
ours; more than \`skew\` is *skewed clock*. Connections that live shorter than \`within\` and send none tell nothing; inconclusive where
all of them do.`,
  params: z.strictObject({
    within: duration({ minMs: 1 }).default(30_000).describe('The longest time without a heartbeat.'),
    skew: duration().default(5_000).describe("How far the client's clock may be off."),
  }),
  expects: ({ within }) => `a heartbeat at least every ${renderDuration(within)} on each connection`,
  judgeClient({ connections }, { within, skew }, evidence) {
    const lived = connections.flatMap((connection) => measure(connection, evidence) ?? []);
    const skewed = lived.filter(({ skewMs }) => Math.abs(skewMs) > skew);
    const judged = lived.filter(({ gapMs, beats, ruled }) => gapMs > within || beats > 0 || ruled);
    if (judged.length === 0) return inconclusive(`no connection of it lived for ${renderDuration(within)} or beat`);
    const rare = judged.filter(({ gapMs, ruled }) => gapMs > within || ruled);
    const longestMs = Math.max(...judged.map(({ gapMs }) => gapMs));
    const skewMs = judged.map((one) => one.skewMs).reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0);
    const beats = judged.reduce((sum, one) => sum + one.beats, 0);
    const figures = { connections: judged.length, beats, longestMs, skewMs };
    const events = (those: typeof lived) => those.flatMap((one) => one.events);
    const [furthest] = skewed.toSorted((a, b) => Math.abs(b.skewMs) - Math.abs(a.skewMs));
    if (furthest)
      return fail(`its clock is ${seconds(Math.abs(furthest.skewMs))} ${furthest.skewMs > 0 ? 'behind' : 'ahead'}`, {
        finding: 'skewed clock',
        hint: 'Set the clock (NTP): the age of a heartbeat is judged by the time that the client reports.',
        events: events(skewed),
        figures,
      });
    const [worst] = rare.toSorted((a, b) => b.gapMs - a.gapMs);
    if (!worst)
      return pass(
        `${many(beats, 'heartbeat')} on ${many(judged.length, 'connection')}, at most ${seconds(longestMs)} apart, clock off by ${seconds(Math.abs(skewMs))}`,
        { events: events(judged), figures },
      );
    const silence = `${worst.beats === 0 ? 'sent no heartbeat' : 'was silent'} for ${seconds(worst.gapMs)}`;
    const struck = worst.ruled ? ', and the service cut it' : '';
    return fail(
      `${silence} on connection ${worst.id}${struck} (${rare.length} of ${many(judged.length, 'connection')})`,
      {
        finding: worst.beats === 0 ? 'missing' : 'too rare',
        hint: 'Start a PING timer when a connection opens and stop it when it is lost; under 8 s it also keeps an idle connection.',
        events: events(rare),
        figures,
      },
    );
  },
});

const seconds = (ms: number) => (ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`);

/** @returns nothing of a connection whose beginning the journal does not know, or that never finished its handshake */
function measure({ id, opened, ended, heartbeats, secured }: Connection, { time, of, latest }: Evidence) {
  if (!opened || !secured) return undefined;
  const stops = [opened, ...heartbeats, ended ?? latest ?? opened];
  const gaps = stops.slice(1).map((stop, index) => time.between(stops[index] ?? stop, stop));
  const reported = heartbeats.filter(({ judgedBy }) => judgedBy === 'client').map(({ ageMs }) => ageMs);
  const ruled = of('rule.applied').find(({ connection, rule }) => connection === id && rule === 'heartbeat');
  return {
    id,
    beats: heartbeats.length,
    gapMs: Math.max(0, ...gaps),
    skewMs: reported.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0),
    ruled: ruled !== undefined,
    events: [opened.seq, ...(ruled ? [ruled.seq] : []), ...(ended ? [ended.seq] : [])],
  };
}

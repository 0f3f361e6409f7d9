import { z } from 'zod';
import { duration, renderDuration } from '../../scenario/duration.ts';
import type { Call } from '../calls.ts';
import { defineCheck, doubtful, fail, inconclusive, many, pass } from '../check.ts';
import { type Connection, isLeft, type Request } from '../facts.ts';
import type { Tally } from '../tally.ts';

/** What ended sooner was not given up for its silence. */
const SILENT_FROM_MS = 1_000;

/** A time-out for the connect often ends with TCP, and one for the answer with its headers (reference, B11). */
export const silenceNoticed = defineCheck({
  name: 'silence-noticed',
  summary: 'Gives up what gets no answer: a handshake that does not come, an answer that stops.',
  definition: `Of each answer that a fault withholds for good, and each connection that a fault struck before its handshake was done, measures how long the
client waits: from the request, or from the opening of the connection, until the client ends it, or up to now. Longer than \`within\` is *no time-out*,
also where a slow handshake is done in the end or the service ends the connection first. Inconclusive where nothing was silent for a second, or the service
ended it before \`within\`, or a fault dropped a frame of an answer that went out: HTTP/2 does not show when a client gives up such a stream.`,
  params: z.strictObject({
    within: duration({ minMs: 1 }).default(60_000).describe('The longest time that a client may wait on silence.'),
  }),
  expects: ({ within }) => `what stays silent to be given up within ${renderDuration(within)}`,
  client: {
    watch(tally, { within }, { time }) {
      const measure = (wait: Omit<Wait, 'ms'>) =>
        note(tally, within, { ...wait, ms: time.between(wait.from, wait.to) });
      return {
        secured(connection) {
          const { opened, secured } = connection;
          if (opened && secured && isSilent(connection))
            measure({ from: opened, to: secured, what: HANDSHAKE, givenUp: false });
        },
        ended(connection) {
          const { opened, ended, secured } = connection;
          if (opened && ended && !secured && isSilent(connection))
            measure({ from: opened, to: ended, what: HANDSHAKE, givenUp: ended.by === 'client' });
        },
        over(request) {
          if (request.withheld && request.cut)
            measure({ from: request.received, to: request.cut, what: nameOf(request), givenUp: isLeft(request) });
        },
        callOver(call) {
          if (isUnseen(call) && !call.known) noteUnseen(tally, call);
        },
      };
    },
    judge(tally, { within }, { time, latest, openConnections, openCalls, unsettled }) {
      const measure = (wait: Omit<Wait, 'ms'>) =>
        note(tally, within, { ...wait, ms: time.between(wait.from, wait.to) });
      for (const connection of openConnections)
        if (connection.opened && !connection.secured && isSilent(connection))
          measure({ from: connection.opened, to: latest, what: HANDSHAKE, givenUp: false });
      for (const call of openCalls) {
        const { last } = call;
        if (!last.withheld || last.cut) continue;
        if (!last.answer) measure({ from: last.received, to: latest, what: nameOf(last), givenUp: false });
        else if (time.between(last.received, latest) > within) noteUnseen(tally, call);
      }
      for (const request of unsettled)
        if (request.withheld && request.cut)
          measure({ from: request.received, to: request.cut, what: nameOf(request), givenUp: isLeft(request) });
      const [late, noticed] = [tally.of('late'), tally.of('noticed')];
      if (late.most)
        return fail(`waited ${seconds(late.most.value)} for ${late.most.what} (${many(late.count, 'time')})`, {
          finding: 'no time-out',
          hint: 'Bound the whole of an attempt, TLS handshake and body included, not only its connect.',
          ...tally.proofs('late'),
          figures: { waited: late.count + noticed.count, longestMs: late.most.value },
        });
      const [unseen] = tally.of('unseen').first;
      if (unseen)
        return doubtful(
          `a fault dropped a frame of the answer to ${unseen.what}: it has given that up, or still waits for it`,
          tally.proofs('unseen'),
        );
      if (!noticed.most) return inconclusive('nothing that it waited for was silent, or the service ended it first');
      return pass(`gave up on silence ${many(noticed.count, 'time')}, after ${seconds(noticed.most.value)} at most`, {
        ...tally.proofs('noticed'),
        figures: { waited: noticed.count, longestMs: noticed.most.value },
      });
    },
  },
});

const HANDSHAKE = 'a handshake';

interface Moment {
  readonly seq: number;
  readonly at: number;
}

interface Wait {
  readonly from: Moment;
  readonly to: Moment;
  readonly what: string;
  /** The client ended it. */
  readonly givenUp: boolean;
  readonly ms: number;
}

function note(tally: Tally, within: number, { from, to, what, givenUp, ms }: Wait): void {
  if (ms > within) tally.note('late', [from.seq, to.seq], ms, what);
  else if (givenUp && ms >= SILENT_FROM_MS) tally.note('noticed', [from.seq, to.seq], ms);
}

const isSilent = ({ struck, silence }: Connection): boolean => struck === true || silence !== undefined;

/** Whether a fault dropped a frame of the answer to the last attempt, whose stream is over for the service: what a client says
 * of it then is not noted. */
const isUnseen = ({ last }: Call): boolean => last.withheld === true && !last.cut;

const noteUnseen = (tally: Tally, { last }: Call): void => tally.note('unseen', [last.received.seq], 0, nameOf(last));

const nameOf = ({ received: { method }, target: { path } }: Request): string => `${method} ${path}`;

const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;

import { z } from 'zod';
import { duration } from '../../scenario/duration.ts';
import { defineCheck, fail, inconclusive, many, pass } from '../check.ts';
import type { Call, Client, Evidence, Request } from '../evidence.ts';

/** RFC 9113, section 6.8. */
export const goawayRespected = defineCheck({
  name: 'goaway-respected',
  summary: 'Opens no stream after a GOAWAY, and repeats elsewhere what the service never saw.',
  definition: `Of each connection that was sent a GOAWAY while it was open: a stream that the client opens later than \`grace\` after it is *new
stream* (what was on its way already is excused); a request above the last stream, or cut, that is not tried again on another connection
is *not repeated*, unless it was a create, which is better left alone; a request that was answered whole on the old connection and comes
again is *repeated needlessly*. Inconclusive without a GOAWAY to a client.`,
  params: z.strictObject({
    grace: duration().default(100).describe('What is opened so soon after may have been on its way.'),
  }),
  relies: ['frames'],
  expects: () => 'no new stream after GOAWAY, and unprocessed requests again on another connection',
  judgeClient(client, { grace }, { time }: Evidence) {
    const drained = client.connections.flatMap((connection) => {
      const goaway = connection.goaways.at(0);
      return goaway && !(connection.ended && connection.ended.by === 'shutdown') ? [{ connection, goaway }] : [];
    });
    if (drained.length === 0) return inconclusive('it was sent no GOAWAY');
    const events = drained.map(({ goaway }) => goaway.seq);
    const late = drained.flatMap(({ connection, goaway }) =>
      [...connection.lateStreams, ...connection.requests.map(({ received }) => received)].filter(
        (opened) => opened.seq > goaway.seq && time.between(goaway, opened) > grace,
      ),
    );
    if (late.length > 0)
      return fail(`opened ${many(late.length, 'stream')} on a connection after its GOAWAY`, {
        finding: 'new stream',
        hint: 'On GOAWAY take the connection out of the pool at once, and send what comes next over a new one.',
        events: [...events, ...late.map(({ seq }) => seq)],
      });
    const owed = drained.flatMap(({ connection, goaway }) =>
      connection.requests.filter((request) => request.cut && request.cut.seq > goaway.seq && isSafe(request)),
    );
    const lost = owed.filter((request) => !isRepeated(request, client));
    if (lost.length > 0)
      return fail(`did not repeat ${many(lost.length, 'request')} that GOAWAY had left unprocessed`, {
        finding: 'not repeated',
        hint: 'Streams above the last one in GOAWAY were never processed: send them again on a new connection.',
        events: [...events, ...lost.map(({ received }) => received.seq)],
      });
    const needless = drained.flatMap(({ connection }) =>
      connection.requests.filter((request) => request.answer && !request.cut && isAgain(request, client)),
    );
    if (needless.length > 0)
      return fail(`repeated ${many(needless.length, 'request')} that had been answered`, {
        finding: 'repeated needlessly',
        hint: 'Streams up to the last one in GOAWAY are still answered: wait for them.',
        events: [...events, ...needless.map(({ received }) => received.seq)],
      });
    return pass(
      `left ${many(drained.length, 'connection')} on GOAWAY, and repeated ${many(owed.length, 'request')} elsewhere`,
      {
        events,
      },
    );
  },
});

/** Methods that may be repeated without a doubt (RFC 9110, section 9.2.2). */
const isSafe = ({ received }: Request) => ['GET', 'HEAD', 'PUT', 'DELETE'].includes(received.method);

const callOf = (request: Request, { calls }: Client): Call | undefined =>
  calls.find(({ attempts }) => attempts.includes(request));

const isRepeated = (request: Request, client: Client): boolean =>
  callOf(request, client)?.attempts.some(
    (other) => other.received.seq > request.received.seq && other.connection !== request.connection,
  ) ?? false;

/** Only within one call: a poll after a poll is no repetition. */
const isAgain = (request: Request, client: Client): boolean =>
  (callOf(request, client)?.attempts ?? []).some(
    (other) => other.received.seq > request.received.seq && request.answer !== undefined && request.answer.status < 400,
  );

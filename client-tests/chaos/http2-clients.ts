import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2';
import { Agent, request } from 'undici';
import { errorCodes } from '../../server/faults/error-codes.ts';
import { TASKS, textOnly } from '../typescript/support/tasks.ts';
import type { Dice } from './dice.ts';
import { ignore, type Visit } from './visit.ts';

/** What a client remembers of the tasks and videos that it has seen. */
const MAX_REMEMBERED = 50;

const anyCode = (dice: Dice): number => dice.pick([...Object.values(errorCodes), 0xff]);

/** Sends a request, and reads the answer unless it is to be left alone.
 * @returns undefined when the session takes no more */
function send(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  { body, reads = true }: { readonly body?: string | Buffer | 'later'; readonly reads?: boolean } = {},
): ClientHttp2Stream | undefined {
  if (session.destroyed || session.closed) return undefined;
  const stream = session.request(headers, { endStream: body === undefined });
  stream.on('error', ignore);
  if (reads) stream.resume();
  if (body !== undefined && body !== 'later') stream.end(body);
  return stream;
}

const poll = (visit: Visit, session: ClientHttp2Session, path = visit.path()) =>
  send(session, { ':path': path, ...visit.headers });

/** Resolves with what came of a request, however it ended. */
function answerTo(stream: ClientHttp2Stream): Promise<string> {
  let text = '';
  stream.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  return new Promise((resolve) => {
    stream.once('close', () => resolve(text));
  });
}

/** Resolves once the server has seen all that was sent before, or is gone. */
const roundTrip = (session: ClientHttp2Session): Promise<void> =>
  new Promise((resolve) => {
    if (session.destroyed || !session.ping(() => resolve())) resolve();
  });

/** Resolves once any of these has an answer, or has ended without. */
const answered = (streams: readonly ClientHttp2Stream[]): Promise<unknown> =>
  Promise.race(
    streams.map((stream) => new Promise<void>((resolve) => stream.once('response', resolve).once('close', resolve))),
  );

/** The ways of a client of node:http2 to break off what it has begun. */
const breakOffs = {
  'destroy streams': ({ streams }) => {
    for (const stream of streams) stream.destroy();
  },
  'destroy streams with an error': ({ streams }) => {
    for (const stream of streams) stream.destroy(new Error('on purpose'));
  },
  'close streams with NO_ERROR': ({ streams }) => {
    for (const stream of streams) stream.close(errorCodes.NO_ERROR);
  },
  'close streams with CANCEL': ({ streams }) => {
    for (const stream of streams) stream.close(errorCodes.CANCEL);
  },
  'close streams with any code': ({ streams, dice }) => {
    for (const stream of streams) stream.close(anyCode(dice));
  },
  'destroy the session': ({ session }) => session.destroy(),
  'destroy the session with a code': ({ session, dice }) => session.destroy(undefined, anyCode(dice)),
  'close the session': ({ session }) => session.close(),
  'send GOAWAY': ({ session, dice }) => {
    if (!session.destroyed) session.goaway(anyCode(dice), dice.pick([0, 1, 2 ** 31 - 1]));
  },
  'send RST': ({ visit }) => visit.reset(),
  'send FIN': ({ visit }) => void visit.raw?.end(),
} satisfies Record<string, (broken: Broken) => void>;

interface Broken {
  readonly visit: Visit;
  readonly dice: Dice;
  readonly session: ClientHttp2Session;
  readonly streams: readonly ClientHttp2Stream[];
}

const present = <T>(things: readonly (T | undefined)[]): T[] => things.filter((thing) => thing !== undefined);

/** Cancels its polls before or after the server has seen them. */
async function cancelPolls(visit: Visit): Promise<void> {
  const { dice } = visit;
  for (let turn = dice.int(1, 8); turn > 0 && !visit.over; turn--) {
    const session = await visit.open();
    if (!session) return;
    const streams = present(dice.some(1, 20, () => poll(visit, session)));
    await dice.pick([
      () => visit.moment(),
      () => visit.within(roundTrip(session)),
      () => visit.within(answered(streams)),
    ])();
    breakOffs[dice.pick(Object.keys(breakOffs) as (keyof typeof breakOffs)[])]({ visit, dice, session, streams });
    await visit.moment();
    if (dice.chance()) session.destroy();
  }
}

/** Asks for a list or for nothing that exists, and destroys the session at once. */
async function listAndLeave(visit: Visit): Promise<void> {
  for (let turn = visit.dice.int(1, 10); turn > 0 && !visit.over; turn--) {
    const session = await visit.open();
    if (!session) return;
    poll(visit, session, visit.dice.pick([TASKS, '/nowhere']));
    if (visit.dice.chance()) await visit.moment();
    session.destroy();
  }
}

/** Aborts its calls as programs do, by an AbortController. */
async function abortUndici(visit: Visit): Promise<void> {
  const { dice, entrance } = visit;
  const alpn = dice.chance(0.8) ? ['h2', 'http/1.1'] : ['http/1.1'];
  const agent = new Agent({
    allowH2: true,
    connect: (_options, done) => {
      void visit.secure({ alpn }).then((socket) => {
        if (socket) done(null, socket);
        else done(new Error('There is no connection.'), null);
      });
    },
  });
  for (let turn = dice.int(1, 6); turn > 0 && !visit.over; turn--) {
    const abort = new AbortController();
    const calls = dice.some(1, 8, async () => {
      const url = `https://localhost:${entrance.port}${visit.path()}`;
      const { body } = await request(url, { dispatcher: agent, headers: visit.headers, signal: abort.signal });
      await body.dump();
    });
    const settled = Promise.allSettled(calls);
    await (dice.chance() ? visit.moment() : visit.within(settled));
    abort.abort();
    await visit.within(settled);
  }
  // Not agent.destroy(): it throws where nothing can catch it. Its connections go with the visit.
}

/** Downloads much on many streams, and stops reading some of them. */
async function stopReading(visit: Visit): Promise<void> {
  const session = await visit.open();
  if (!session) return;
  const { dice } = visit;
  dice.some(10, 120, () =>
    send(session, { ':path': visit.largePath(), ...visit.headers }, { reads: dice.chance(0.2) }),
  );
  await visit.linger();
}

/** Sends FIN while its calls are open, and reads on. */
async function halfClose(visit: Visit): Promise<void> {
  const session = await visit.open();
  if (!session) return;
  const { dice } = visit;
  dice.some(1, 20, () => poll(visit, session, dice.chance() ? visit.largePath() : visit.path()));
  await visit.moment();
  visit.raw?.end();
  await visit.linger();
}

const bodies: readonly ((visit: Visit) => string | Buffer)[] = [
  () => JSON.stringify(textOnly),
  ({ dice }) => JSON.stringify({ ...textOnly, callback_url: `http://127.0.0.1:${dice.pick([1, 9])}/callback` }),
  () => '{}',
  () => '{"model":',
  ({ dice }) => dice.bytes(0, 2_000),
  ({ dice }) => JSON.stringify({ ...textOnly, content: [{ type: 'text', text: 'x'.repeat(dice.int(1, 100_000)) }] }),
];

/** Creates tasks in parallel: with bodies that are no bodies, or never end, or are not as long as they say. */
async function createStorm(visit: Visit): Promise<void> {
  const session = await visit.open();
  if (!session) return;
  const { dice } = visit;
  const streams = present(
    dice.some(1, 40, () => {
      const body = dice.pick(bodies)(visit);
      const lie = dice.chance(0.2) ? { 'content-length': dice.int(0, 10_000) } : {};
      const headers = {
        ':method': 'POST',
        ':path': TASKS,
        'content-type': 'application/json',
        ...visit.headers,
        ...lie,
      };
      if (dice.chance(0.7)) return send(session, headers, { body });
      const stream = send(session, headers, { body: 'later' });
      stream?.write(body.slice(0, dice.int(0, body.length)));
      return stream;
    }),
  );
  await (dice.chance() ? visit.moment() : visit.linger());
  if (dice.chance()) {
    breakOffs[dice.pick(Object.keys(breakOffs) as (keyof typeof breakOffs)[])]({ visit, dice, session, streams });
    await visit.moment();
  }
}

/** Sends PING and SETTINGS all the time, some of them while it leaves. */
async function pingAndSet(visit: Visit): Promise<void> {
  const session = await visit.open();
  if (!session) return;
  const { dice } = visit;
  for (let turn = dice.int(1, 50); turn > 0 && !session.destroyed && !visit.over; turn--) {
    if (dice.chance()) session.ping(ignore);
    else session.settings({ initialWindowSize: dice.int(0, 100_000), enablePush: dice.chance() }, ignore);
    if (dice.chance(0.3)) poll(visit, session);
    if (dice.chance(0.1)) await visit.moment();
  }
}

/** Its video is the largest that there is. */
const large = { ...textOnly, resolution: '1080p', ratio: '4:3' };

/** Creates a task, polls it, downloads its video and leaves, as clients should; others learn from it what there is. */
async function behave(visit: Visit): Promise<void> {
  const session = await visit.open();
  if (!session) return;
  const { dice } = visit;
  const { task, video } = await film(visit, session);
  if (video) await ask(visit, session, { ':path': video });
  if (task && dice.chance(0.3)) await ask(visit, session, { ':method': 'DELETE', ':path': task });
  session.close();
  await visit.linger();
}

/** Has a video made, the only one that others then know of. */
export async function makeVideo(visit: Visit): Promise<void> {
  visit.known.videos.length = 0;
  const session = await visit.open();
  if (session) await film(visit, session);
}

/** Creates a task and polls it for a while. */
async function film(visit: Visit, session: ClientHttp2Session): Promise<{ task?: string; video?: string }> {
  const created = await ask(visit, session, { ':method': 'POST', ':path': TASKS }, JSON.stringify(large));
  const id = created && /"id":"(cgt-[\w-]+)"/.exec(created)?.[1];
  if (!id) return {};
  const task = `${TASKS}/${id}`;
  remember(visit.known.tasks, task);
  for (let turn = visit.dice.int(1, 20); turn > 0 && !visit.over; turn--) {
    const text = await ask(visit, session, { ':path': task });
    const url = text && /"video_url":"([^"]+)"/.exec(text)?.[1];
    if (!url) continue;
    const { pathname, search } = new URL(url);
    const video = pathname + search;
    remember(visit.known.videos, video);
    return { task, video };
  }
  return { task };
}

/** Resolves with what came of a request, or undefined when nothing came in time. */
async function ask(
  visit: Visit,
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body?: string,
): Promise<string | undefined> {
  const stream = send(session, { ...visit.headers, ...headers }, body === undefined ? {} : { body });
  return stream && (await visit.within(answerTo(stream)));
}

function remember(list: string[], path: string): void {
  list.push(path);
  if (list.length > MAX_REMEMBERED) list.shift();
}

/** Clients of node:http2 and undici: their frames are right, what they do with them is not. */
export const http2Clients = {
  'cancel-polls': cancelPolls,
  'list-and-leave': listAndLeave,
  'abort-undici': abortUndici,
  'stop-reading': stopReading,
  'half-close': halfClose,
  'create-storm': createStorm,
  'ping-and-set': pingAndSet,
  behave,
} as const;

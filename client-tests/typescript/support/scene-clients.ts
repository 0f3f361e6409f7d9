import http2 from 'node:http2';
import https from 'node:https';
import type { MockServer } from '../../../server/index.ts';
import { type ClientSetting, connect, lighthouse, OVER, request, TASKS } from '../reference/http2-call.ts';
import { NaiveClient } from '../reference/naive-client.ts';
import { endCommand } from './downloads.ts';
import { clientOn, drive, drivenSetting, ignore, withHardened } from './judged-clients.ts';
import { openRawHttp2 } from './raw-http2.ts';
import { Receiver, type ReceiverSetting } from './receiver.ts';

/** How a client of a scenario acts. */
export type Act = (server: MockServer) => Promise<unknown>;

/** Lets so much lane time pass, in steps between which the sockets get their turn. */
export const pass = (server: MockServer, ms: number): Promise<void> => drive(server, server.clock.sleep(ms));

/** The naive reference client, where the server itself takes its time. It may hang: after `ms` of lane time it is left. */
export const naiveFor =
  (ms: number): Act =>
  async (server) => {
    const client = new NaiveClient(drivenSetting(server, 'naive/1'));
    await drive(server, Promise.race([client.makeVideo().catch(ignore), server.clock.sleep(ms)]));
  };

/** The hardened one, likewise.
 * @param idleMs how long it waits on a connection before it begins */
export const hardenedDriven =
  ({ idleMs = 0 } = {}): Act =>
  async (server) => {
    const client = clientOn(server);
    if (idleMs > 0) await drive(server, client.idle(idleMs));
    await drive(server, client.makeVideo());
    await client.close();
  };

/** Gives each attempt the same short time and sends it again, a create too.
 * @param patienceMs how long an attempt may take
 * @param idleMs how long its first connection is open before it asks */
export const impatient =
  (patienceMs: number, { idleMs = 0, lingerMs = 10_000 } = {}): Act =>
  async (server) => {
    const setting = drivenSetting(server, 'impatient/1');
    const work = async () => {
      const first = await connect(setting);
      await server.clock.sleep(idleMs);
      for (let tries = 1; tries <= 3; tries++) {
        const session = tries === 1 ? first : await connect(setting);
        // What it does not wait for any more, it does not take back either.
        const answer = ask(session, setting, 'POST', TASKS, lighthouse).catch(ignore);
        const created = await Promise.race([answer, server.clock.sleep(patienceMs)]);
        if (!created) continue;
        const { id } = JSON.parse(created.body);
        await server.clock.sleep(lingerMs);
        await ask(session, setting, 'GET', `${TASKS}/${id}`).catch(ignore);
        return;
      }
      await server.clock.sleep(lingerMs);
    };
    await drive(server, work());
  };

const ask = (
  session: Awaited<ReturnType<typeof connect>>,
  { userAgent }: Pick<ClientSetting, 'userAgent'>,
  method: string,
  path: string,
  body?: unknown,
) => request(session, method, path, { headers: { 'user-agent': userAgent }, ...(body !== undefined && { body }) });

/** Polls so often, and then forgets its task. */
export const leavesAfter =
  (polls: number): Act =>
  (server) =>
    poll(server, (seen) => seen.length === polls);

/** Stops polling when a task goes back. */
export const expectsProgress: Act = (server) =>
  poll(server, (seen) => {
    const order = ['queued', 'running', ...OVER];
    return order.indexOf(seen.at(-1) ?? '') < order.indexOf(seen.at(-2) ?? '');
  });

async function poll(server: MockServer, isEnough: (seen: readonly string[]) => boolean): Promise<void> {
  const setting = drivenSetting(server, 'careless/1');
  const session = await connect(setting);
  const { id } = JSON.parse((await ask(session, setting, 'POST', TASKS, lighthouse)).body);
  const seen: string[] = [];
  while (!OVER.includes(seen.at(-1) ?? '') && !isEnough(seen)) {
    await server.clock.advance(2_000);
    seen.push(JSON.parse((await ask(session, setting, 'GET', `${TASKS}/${id}`)).body).status);
  }
  session.close();
}

/** Follows a redirect with the same method and body, as RFC 9110 (section 15.4.8) asks of 307. */
export const followsRedirects: Act = async (server) => {
  const setting = drivenSetting(server, 'follower/1');
  const session = await connect(setting);
  const call = async (method: string, path: string, body?: unknown): Promise<string> => {
    const { status, headers, body: text } = await ask(session, setting, method, path, body);
    return status === 302 || status === 307 ? call(method, headers.location ?? path, body) : text;
  };
  const { id } = JSON.parse(await call('POST', TASKS, lighthouse));
  await server.clock.advance(10_000);
  await call('GET', `${TASKS}/${id}`);
  session.close();
};

/** Opens a stream on a connection that has had a GOAWAY. */
export const ignoresGoaway: Act = async (server) => {
  await using client = await openRawHttp2(server);
  await client.request(1, 'GET', TASKS);
  await client.saw('GOAWAY');
  await server.clock.advance(200);
  await client.request(3, 'GET', TASKS);
  await Promise.race([server.journal.waitFor('stream.late'), server.journal.waitFor('request.received', at3)]);
};
const at3 = ({ stream }: { readonly stream?: number | undefined }) => stream === 3;

/** Takes any certificate, and so sends its key to anybody. */
export const trustsAnybody: Act = async (server) => {
  const session = http2.connect(server.url, { rejectUnauthorized: false }).on('error', ignore);
  await request(session, 'GET', TASKS, { headers: { 'user-agent': 'trusting/1' } }).catch(ignore);
  session.close();
};

/** Leaves the FIN of the service unanswered. */
export const leavesFin: Act = async (server) => {
  await using client = await openRawHttp2(server);
  for (let stream = 1; server.journal.events('connection.half-closed').length === 0; stream += 2) {
    await client.request(stream, 'GET', TASKS);
    const answer = server.journal.waitFor('response.sent', (event) => event.stream === stream);
    await Promise.race([answer, server.journal.waitFor('connection.half-closed')]);
  }
  await server.clock.advance(400);
};

/** Makes a video and downloads it, up to two times.
 * @param renews whether it asks for a new URL before the second time */
export const downloads =
  ({ renews }: { readonly renews: boolean }): Act =>
  async (server) => {
    const setting = drivenSetting(server, 'downloader/1');
    const session = await connect(setting);
    const get = async (path: string) => JSON.parse((await ask(session, setting, 'GET', path)).body);
    const { id } = JSON.parse((await ask(session, setting, 'POST', TASKS, lighthouse)).body);
    await server.clock.advance(5_000);
    let { content } = await get(`${TASKS}/${id}`);
    if ((await download(server, content.video_url)) !== 200) {
      if (renews) ({ content } = await get(`${TASKS}/${id}`));
      await download(server, content.video_url);
    }
    session.close();
  };

/** Makes a video, downloads it with a time limit on the whole, and ends with exit code 0.
 * @param limitMs how long an attempt may take
 * @param attempts how many there are, until the video has come whole */
export const downloadsWithin =
  (limitMs: number, attempts: number): Act =>
  async (server) => {
    const setting = drivenSetting(server, 'downloader/1');
    const work = async () => {
      const session = await connect(setting);
      const { id } = JSON.parse((await ask(session, setting, 'POST', TASKS, lighthouse)).body);
      await server.clock.sleep(5_000);
      const { content } = JSON.parse((await ask(session, setting, 'GET', `${TASKS}/${id}`)).body);
      for (let attempt = 1; attempt <= attempts; attempt++) {
        const before = server.journal.seq;
        const isWhole = await downloadWithin(server, content.video_url, limitMs);
        // The client knows before the service does.
        await server.journal.waitFor('connection.ended', ({ seq }) => seq > before);
        if (isWhole) break;
      }
      session.close();
    };
    await drive(server, work());
    endCommand(server, 0);
  };

/** @param limitMs how long the body may take
 * @returns whether all of it came */
const downloadWithin = ({ ca, clock }: MockServer, url: string, limitMs: number): Promise<boolean> =>
  new Promise((resolve) => {
    const address = url.replace('localhost', '127.0.0.1');
    const sent = https.get(address, { ca, agent: false }, (response) => {
      // From here on: on a busy machine time is advanced before the request is there.
      const limit = clock.after(limitMs, () => sent.destroy());
      response
        .on('error', ignore)
        .on('close', () => {
          limit.cancel();
          resolve(response.complete);
        })
        .resume();
    });
    sent.on('error', ignore).on('close', () => resolve(false));
  });

/** @returns the status */
const download = ({ ca }: MockServer, url: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    https
      .get(url, { ca, agent: false }, (response) => response.resume().on('end', () => resolve(response.statusCode)))
      .on('error', reject);
  });

/** Sends heartbeats whose time is 31 s behind. */
export const beatsLate: Act = async (server) => {
  const setting = drivenSetting(server, 'late/1');
  const session = await connect(setting);
  const timestamp = `${Date.now() - 31_000}`;
  await request(session, 'GET', TASKS, { headers: { 'x-client-timestamp': timestamp } }).catch(ignore);
  session.destroy();
};

/** Sends so many calls at the same time, each on a connection of its own. */
export const opensAtOnce =
  (count: number): Act =>
  async (server) => {
    const setting = drivenSetting(server, 'eager/1');
    const call = async () => ask(await connect(setting), setting, 'GET', TASKS);
    const calls = Promise.all(Array.from({ length: count }, () => call().catch(ignore)));
    await drive(server, Promise.race([calls, server.clock.sleep(5_000)]));
  };

/** Sends them over what connections the hardened client opens. */
export const poolsCalls =
  (count: number): Act =>
  async (server) => {
    const client = clientOn(server);
    await drive(server, Promise.all(Array.from({ length: count }, () => client.call('GET', TASKS))));
    await client.close();
  };

interface ListensTo {
  /** How each callback is answered; left out, with 204. */
  readonly answer?: ReceiverSetting['answer'];
  /** Up to which event it waits, while time passes. */
  readonly until: (server: MockServer) => Promise<unknown>;
}

/** Creates a task, and learns what becomes of it by callbacks alone. */
export const listens =
  ({ answer, until }: ListensTo): Act =>
  async (server) => {
    await using receiver = await Receiver.open(answer ? { answer } : {});
    const setting = drivenSetting(server, 'listener/1');
    const session = await connect(setting);
    const callback_url = receiver.url.replace('localhost', '127.0.0.1');
    await ask(session, setting, 'POST', TASKS, { ...lighthouse, callback_url });
    await drive(server, until(server));
    session.close();
  };

/** Takes callbacks, and polls as well.
 * @param answer how each callback is answered; left out, with 204 */
export const listensAndPolls =
  (answer?: ReceiverSetting['answer']): Act =>
  async (server) => {
    await using receiver = await Receiver.open(answer ? { answer } : {});
    const callback_url = receiver.url.replace('localhost', '127.0.0.1');
    await withHardened(server, (client) => client.makeVideo({ ...lighthouse, callback_url }));
  };

/** A callback of this status has been answered so. */
export const answered =
  (status: string, code = 204) =>
  (server: MockServer): Promise<unknown> =>
    server.journal.waitFor('callback.answered', (event) => event.status === status && event.code === code);

/** Refuses callbacks that it cannot read, and asks for the task before it acts on one that it can. */
export const confirmsCallbacks: Act = async (server) => {
  await using receiver = await Receiver.open({
    answer: (response) => void response.writeHead(isJson(receiver.received.at(-1)?.body) ? 204 : 400).end(),
  });
  const setting = drivenSetting(server, 'careful/1');
  const session = await connect(setting);
  const created = await ask(session, setting, 'POST', TASKS, { ...lighthouse, callback_url: receiver.url });
  const { id } = JSON.parse(created.body);
  for (const status of ['queued', 'running', 'succeeded']) {
    await server.journal.waitFor('callback.answered', (event) => event.status === status);
    await ask(session, setting, 'GET', `${TASKS}/${id}`);
    await server.clock.advance(status === 'queued' ? 1_000 : 4_000);
  }
  session.close();
};

function isJson(text = ''): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Makes one video with the hardened client, takes its callbacks, and downloads it, up to two times. What takes longer than ten
 * minutes of lane time is left. */
export const oneVideoAndAll: Act = async (server) => {
  await using receiver = await Receiver.open();
  const client = clientOn(server, { taskMs: 120_000 });
  const callback_url = receiver.url.replace('localhost', '127.0.0.1');
  const work = async () => {
    await client.makeVideo({ ...lighthouse, callback_url });
    const { items } = JSON.parse((await client.call('GET', TASKS)).body);
    for (let attempt = 1; attempt <= 2; attempt++)
      if (await downloadWithin(server, items[0].content.video_url, 60_000)) break;
    await client.close();
  };
  await drive(server, Promise.race([work(), server.clock.sleep(600_000)]));
};

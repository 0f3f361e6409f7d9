/**
 * A small client for docker-compose.yml: makes a video, keeps its connection alive while it waits, then lets it idle and reports
 * how the connection ended. Only Node's own modules.
 *
 *   SEEDANCE_BASE_URL    https://mock:8443/api/v3
 *   SEEDANCE_MOCK_ADMIN  http://mock:8480, where the mock hands out the certificate of its CA
 */
import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import { buffer } from 'node:stream/consumers';

const base = new URL(process.env.SEEDANCE_BASE_URL ?? 'https://mock:8443/api/v3');
const admin = process.env.SEEDANCE_MOCK_ADMIN ?? 'http://mock:8480';
const tasks = `${base.pathname}/contents/generations/tasks`;

const POLL_MS = 1_000;
/** Below the 8 s after which the service cuts a silent connection. */
const HEARTBEAT_MS = 3_000;
/** A connection that is still open by then is not going to be cut. */
const IDLE_LIMIT_MS = 20_000;

const ca = await (await fetch(`${admin}/ca.pem`)).text();
const session = connect(base.origin, { ca });
await once(session, 'connect');
console.log(`connected to ${base.origin}, ALPN ${session.alpnProtocol}`);

const heartbeat = setInterval(() => beat(session), HEARTBEAT_MS);
const { id } = await callJson<{ id: string }>(session, 'POST', tasks, {
  model: 'doubao-seedance-2-0-260128',
  content: [{ type: 'text', text: 'A lighthouse at dusk' }],
});
console.log(`created ${id}`);

let task: Task;
do {
  await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  task = await callJson<Task>(session, 'GET', `${tasks}/${id}`);
  console.log(task.status);
} while (task.status === 'queued' || task.status === 'running');
if (!task.content) throw new Error(`task ${id} ended ${task.status}`);

// The storage has a port of its own, and asks for no key: the URL is signed.
const { origin, pathname, search } = new URL(task.content.video_url);
const storage = connect(origin, { ca });
const video = await call(storage, { ':method': 'GET', ':path': pathname + search });
storage.close();
console.log(`downloaded the video, ${video.length} bytes`);

clearInterval(heartbeat);
console.log('idle from here on');
const idleSince = performance.now();
const end = await howItEnds(session);
console.log(`the connection ended after ${((performance.now() - idleSince) / 1_000).toFixed(1)} s idle: ${end}`);
process.exitCode = end === 'ECONNRESET' ? 0 : 1;

interface Task {
  readonly status: string;
  readonly content?: { readonly video_url: string };
}

/** The service's heartbeat: an HTTP/2 PING that carries the client's time. */
function beat(session: ClientHttp2Session): void {
  const payload = Buffer.alloc(8);
  payload.writeBigUInt64BE(BigInt(Date.now()));
  session.ping(payload, () => {});
}

async function call(session: ClientHttp2Session, headers: Record<string, string>, body?: unknown): Promise<Buffer> {
  const stream = session.request(headers, { endStream: body === undefined });
  if (body !== undefined) stream.end(JSON.stringify(body));
  const [answer] = await once(stream, 'response');
  const bytes = await buffer(stream);
  if (answer[':status'] !== 200)
    throw new Error(`${headers[':method']} ${headers[':path']}: ${answer[':status']} ${bytes}`);
  return bytes;
}

async function callJson<T>(session: ClientHttp2Session, method: string, path: string, body?: unknown): Promise<T> {
  const headers = { authorization: 'Bearer example', 'content-type': 'application/json' };
  const answer = await call(session, { ':method': method, ':path': path, ...headers }, body);
  return JSON.parse(answer.toString());
}

/** @returns the socket's error code, `closed` for an orderly end, `still open` after the limit */
function howItEnds(session: ClientHttp2Session): Promise<string> {
  return new Promise((resolve) => {
    session.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    session.once('close', () => resolve('closed'));
    setTimeout(() => {
      resolve('still open');
      session.destroy();
    }, IDLE_LIMIT_MS).unref();
  });
}

import { once } from 'node:events';
import { connect, type OutgoingHttpHeaders } from 'node:http2';
import { text } from 'node:stream/consumers';
import { API_PREFIX, TASKS_PATH } from '../../server/seedance/paths.ts';

/** Where tasks are created, listed and asked for. */
export const TASKS = API_PREFIX + TASKS_PATH;

/** What a server answered. */
export interface Answer {
  /** With `:status`, as `node:http2` has it. */
  readonly headers: OutgoingHttpHeaders;
  readonly body: string;
}

const LIMIT_MS = 10_000;

/** Sends one request over a connection of its own. */
export async function call(port: number, headers: OutgoingHttpHeaders, body?: unknown): Promise<Answer> {
  const session = connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
  // Whatever fails, the request fails with it, and says so below.
  session.on('error', () => {});
  try {
    const request = session.request(
      { authorization: 'Bearer x', ...headers },
      { signal: AbortSignal.timeout(LIMIT_MS) },
    );
    request.end(body === undefined ? undefined : JSON.stringify(body));
    const [answered] = (await once(request, 'response')) as [Answer['headers']];
    return { headers: answered, body: await text(request) };
  } finally {
    session.destroy();
  }
}

import type { SecureClientSessionOptions } from 'node:http2';
import http2, { type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2';

/** What the runner says to a program, in its environment. */
const { SEEDANCE_BASE_URL = '', ARK_API_KEY = '', TRUTH_AGENT = 'truth', TRUTH_PROCESS = '' } = process.env;

export const TASKS = '/api/v3/contents/generations/tasks';
const OVER = ['succeeded', 'failed', 'cancelled', 'expired'];
const RETRIABLE = [408, 425, 429, 500, 502, 503, 504];

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A call that brought no whole answer, or one that asks to try again. */
export class Failed extends Error {
  readonly answer: Answer | undefined;
  constructor(message: string, answer?: Answer) {
    super(message);
    this.answer = answer;
  }
}

export interface Setting {
  /** `each`: a connection for each request. */
  readonly pool?: 'one' | 'each';
  /** Scheme and authority; left out, the service's. */
  readonly origin?: string;
  /** After `TRUTH_AGENT`: another library of the same program. */
  readonly agent?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly tls?: SecureClientSessionOptions;
}

export interface Options {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Give up after so long; how, says `onTimeout`. */
  readonly timeoutMs?: number;
  /** `leave` opens a new connection and leaves the stream as it is. */
  readonly onTimeout?: 'cancel' | 'leave';
}

export interface CreateOptions extends Options {
  readonly prompt?: string;
  readonly seed?: number;
  /** `safety_identifier`. */
  readonly mark?: string;
  readonly callbackUrl?: string;
  /** Idempotency-Key. */
  readonly key?: string;
  readonly requestId?: string;
}

/** How many milliseconds to wait before attempt n + 1; undefined: give up. */
export type Waits = (n: number, failure: Failed) => number | undefined;

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
export const never: Waits = () => undefined;
export const fixed =
  (ms: number, tries = 20): Waits =>
  (n) =>
    n < tries ? ms : undefined;
/** Reference, C3. */
export const backoff: Waits = (n, { answer }) => {
  const asked = Number(answer?.headers['retry-after'] ?? 0) * 1_000;
  return n < 20 ? Math.max(asked, Math.min(30_000, 100 * 2 ** (n - 1)) + Math.random() * 100) : undefined;
};

/** Calls until it succeeds, with a wait between attempts. */
export async function retry<T>(waits: Waits, call: (n: number) => Promise<T>): Promise<T> {
  for (let n = 1; ; n++) {
    try {
      return await call(n);
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      const ms = waits(n, error);
      if (ms === undefined) throw error;
      await sleep(ms);
    }
  }
}

/** For a row whose client gives up. */
export const ignore = (): undefined => undefined;

/** An HTTP/2 client that does nothing by itself: each row says what it does when something fails. */
export class Client {
  readonly #setting: Setting;
  #session: Promise<ClientHttp2Session> | undefined;

  constructor(setting: Setting = {}) {
    this.#setting = setting;
  }

  /** From 1; of the six copies of a row, which one. */
  get process(): number {
    return Number(TRUTH_PROCESS.split('#')[1] ?? 1);
  }

  /** Another client in the same program. */
  other(setting: Setting = {}): Client {
    return new Client({ ...this.#setting, ...setting });
  }

  /** The connection that calls go over; a new one where it is gone, or being drained. */
  connection(): Promise<ClientHttp2Session> {
    if (this.#session) return this.#session;
    const opening = open(this.#setting);
    this.#session = opening;
    const forget = () => {
      if (this.#session === opening) this.#session = undefined;
    };
    opening.then((session) => session.once('goaway', forget).once('close', forget), forget);
    return opening;
  }

  /** Opens the next call's connection now. */
  renew(): void {
    this.#session = undefined;
  }

  /** One attempt.
   * @throws Failed without a whole answer, and with one that asks to try again */
  async send(method: string, path: string, options: Options = {}): Promise<Answer> {
    const { pool = 'one' } = this.#setting;
    const session = pool === 'one' ? await this.connection() : await open(this.#setting);
    try {
      const answer = await exchange(session, this.stream(session, method, path, options), { method, ...options });
      if (RETRIABLE.includes(answer.status)) throw new Failed(`${answer.status}`, answer);
      return answer;
    } catch (error) {
      if (options.onTimeout === 'leave') this.renew();
      throw error;
    } finally {
      if (pool === 'each') session.close();
    }
  }

  /** Sends a request and leaves its answer to the caller. */
  stream(session: ClientHttp2Session, method: string, path: string, options: Options = {}): ClientHttp2Stream {
    const { body } = options;
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = this.fieldsFor(options);
    const fields = { ':method': method, ':path': path, ...headers };
    const stream = session.request(fields, { endStream: text === undefined });
    if (text !== undefined) stream.end(text);
    return stream;
  }

  /** The fields of a request, but for its method and path. */
  fieldsFor({ body, headers = {} }: Options = {}): Readonly<Record<string, string>> {
    const { agent, headers: always = {} } = this.#setting;
    return {
      authorization: `Bearer ${ARK_API_KEY}`,
      'user-agent': agent === undefined ? TRUTH_AGENT : `${TRUTH_AGENT} ${agent}`,
      'x-truth-process': TRUTH_PROCESS,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...always,
      ...headers,
    };
  }

  /** One attempt at a create.
   * @returns the task's id; undefined where a 200 brings none */
  async create(options: CreateOptions = {}): Promise<string> {
    const { key, requestId, headers = {}, ...rest } = options;
    const more = {
      ...(key !== undefined && { 'idempotency-key': key }),
      ...(requestId !== undefined && { 'x-client-request-id': requestId }),
    };
    const answer = await this.send('POST', TASKS, { body: bodyOf(options), headers: { ...headers, ...more }, ...rest });
    return read<{ id: string }>(answer).id;
  }

  /** One attempt at a poll. */
  async poll(id: string, options: Options = {}): Promise<string> {
    return read<{ status: string }>(await this.send('GET', `${TASKS}/${id}`, options)).status;
  }

  /** Polls until the task is over. */
  async follow(id: string, { everyMs = 250, waits = backoff, ...options }: FollowOptions = {}): Promise<string> {
    for (;;) {
      const status = await retry(waits, () => this.poll(id, options));
      if (OVER.includes(status)) return status;
      await sleep(everyMs);
    }
  }

  /** The tasks that List shows, the newest first. */
  async list(query = '', options: Options = {}): Promise<readonly Listed[]> {
    return read<{ items: readonly Listed[] }>(await this.send('GET', `${TASKS}${query}`, options)).items;
  }

  remove(id: string): Promise<Answer> {
    return this.send('DELETE', `${TASKS}/${id}`);
  }

  /** @returns a client of the storage, and the path of a task's video there */
  async videoOf(id: string): Promise<{ readonly storage: Client; readonly path: string }> {
    const task = read<{ content: { video_url: string } }>(await this.send('GET', `${TASKS}/${id}`));
    const { origin, pathname, search } = new URL(task.content.video_url);
    return { storage: new Client({ origin }), path: `${pathname}${search}` };
  }

  /** A PING whose 8 bytes are the client's time, so much behind. */
  async beat(behindMs = 0): Promise<void> {
    const session = await this.connection();
    const time = Buffer.alloc(8);
    time.writeBigUInt64BE(BigInt(Date.now() - behindMs));
    await new Promise<void>((resolve) => void session.ping(time, () => resolve()));
  }
}

export interface FollowOptions extends Options {
  readonly everyMs?: number;
  readonly waits?: Waits;
}

export interface Listed {
  readonly id: string;
  readonly status: string;
  readonly safety_identifier?: string;
}

export const bodyOf = ({ prompt = 'A lighthouse at dusk.', seed, mark, callbackUrl }: CreateOptions): object => ({
  model: 'doubao-seedance-2-0-260128',
  content: [{ type: 'text', text: prompt }],
  ...(seed !== undefined && { seed }),
  ...(mark !== undefined && { safety_identifier: mark }),
  ...(callbackUrl !== undefined && { callback_url: callbackUrl }),
});

/** @throws Failed where the body is no JSON */
export function read<T>(answer: Answer): T {
  try {
    return JSON.parse(answer.body);
  } catch {
    throw new Failed(`not JSON: ${answer.body.slice(0, 40)}`, answer);
  }
}

export function open({
  origin = new URL(SEEDANCE_BASE_URL).origin,
  tls = {},
}: Pick<Setting, 'origin' | 'tls'> = {}): Promise<ClientHttp2Session> {
  return new Promise((resolve, reject) => {
    const session = http2.connect(origin, tls);
    const failed = () => reject(new Failed('no connection'));
    session.once('connect', () => resolve(session));
    session.on('error', failed);
    session.once('close', failed);
  });
}

function exchange(
  session: ClientHttp2Session,
  stream: ClientHttp2Stream,
  { method, timeoutMs, onTimeout = 'cancel' }: Options & { readonly method: string },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let head: IncomingHttpHeaders | undefined;
    const chunks: Buffer[] = [];
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            if (onTimeout === 'cancel') stream.close(http2.constants.NGHTTP2_CANCEL);
            else session.unref();
            reject(new Failed(`no answer in ${timeoutMs} ms`));
          }, timeoutMs);
    stream.on('response', (received) => {
      head = received;
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', () => {});
    stream.on('close', () => {
      clearTimeout(timer);
      const bytes = Buffer.concat(chunks);
      const promised = method === 'HEAD' ? 0 : Number(head?.['content-length'] ?? bytes.length);
      const whole = head && stream.rstCode === 0 && bytes.length === promised;
      if (!whole) return reject(new Failed(`the answer did not come whole (${stream.rstCode})`));
      resolve({ status: Number(head?.[':status']), headers: head ?? {}, body: bytes.toString() });
    });
  });
}

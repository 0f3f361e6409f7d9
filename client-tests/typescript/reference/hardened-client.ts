import { randomBytes } from 'node:crypto';
import { Backoff, readRetryAfter } from './backoff.ts';
import { openPool, requestByHttp1 } from './http1-call.ts';
import { type Answer, type ClientSetting, lighthouse, OVER, request, TASKS } from './http2-call.ts';
import { Http2Pool } from './http2-pool.ts';

const POLL_EVERY_MS = 2_000;
const TRIES = 20;
/** So many failures in a row of a protocol that has never got through are enough to try the other one. */
const SWITCH_AFTER = 3;
/** A task that was just created may not be found yet, on a replica that lags behind. */
const LAG_LIMIT_MS = 30_000;
/** The most that a page of List holds. */
const PAGE_SIZE = 500;

/** What bounds a client. */
export interface Limits {
  /** How long one attempt at a call may take, connection and body included. */
  readonly attemptMs: number;
  /** How long a video may take, from the first attempt at its create. */
  readonly taskMs: number;
}
const LIMITS: Limits = { attemptMs: 60_000, taskMs: 1_800_000 };

/** What a call may have besides its place. */
interface CallOptions {
  readonly body?: unknown;
  /** Looks whether a call that failed has been carried out. */
  readonly recover?: () => Promise<Answer | undefined>;
  /** When its caller wants it no more, in Unix milliseconds. */
  readonly untilMs?: number;
}

/** Why an attempt failed. */
interface Failure {
  readonly error: unknown;
  readonly askedMs?: number;
  /** Whether the service may have carried the call out all the same. */
  readonly mayBeDone: boolean;
}

/** A client that the service cannot shake off: each of its ways is a recommendation of the reference, part C. Any number of calls and
 * videos may be under way at a time: they share one pool and one backoff. */
export class HardenedClient {
  readonly #setting: ClientSetting;
  readonly #limits: Limits;
  readonly #backoff: Backoff;
  /** Reference, C4: h2 first; where it is cut, HTTP/1.1. */
  #protocol: 'h2' | 'http/1.1' = 'h2';
  /** Whether that has got through. A call that is cut later, on a connection that stood, is no reason to give it up. */
  #settled = false;
  readonly #http2: Http2Pool;
  readonly #http1: ReturnType<typeof openPool>;

  constructor(setting: ClientSetting, limits: Partial<Limits> = {}) {
    this.#setting = setting;
    this.#limits = { ...LIMITS, ...limits };
    this.#backoff = new Backoff(setting);
    this.#http2 = new Http2Pool(setting, () => {
      this.#settled = true;
    });
    this.#http1 = openPool(setting);
  }

  /** Calls until there is an answer that is worth having.
   * @throws Error after so many tries, or when its time is over */
  async call(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
    const { recover, untilMs = Number.POSITIVE_INFINITY } = options;
    const trace = randomBytes(16).toString('hex');
    for (let tries = 1; ; tries++) {
      await this.#backOff(untilMs);
      const result = await this.#attempt(method, path, trace, options);
      if ('status' in result) return result;
      if (tries >= TRIES) throw result.error;
      const ownUntilMs = this.#noteFailure(tries, result.askedMs);
      await this.#pause(this.#backoff.leftMs(ownUntilMs), untilMs);
      if (!result.mayBeDone || !recover) continue;
      const found = await recover();
      if (found) return found;
    }
  }

  /** Makes a video; any number of them at a time.
   * @returns how the task ended
   * @throws Error when the create is refused, or the video takes longer than its limit: then the task is cancelled if it can be */
  async makeVideo(body: object = lighthouse): Promise<string> {
    const untilMs = this.#setting.now() + this.#limits.taskMs;
    // Get and List show it. By this mark, and by nothing else, a create whose answer was lost is known again: other calls and
    // other processes create tasks under the same key.
    const mark = `video-${randomBytes(16).toString('hex')}`;
    const create = {
      body: { ...body, safety_identifier: mark },
      untilMs,
      recover: () => this.#findCreated(mark, untilMs),
    };
    const created = await this.call('POST', TASKS, create);
    if (created.status !== 200) throw new Error(`The create was refused with ${created.status}: ${created.body}`);
    const { id } = JSON.parse(created.body) as { readonly id: string };
    try {
      return await this.#follow(id, untilMs);
    } catch (error) {
      // Best effort: what runs already cannot be cancelled.
      await this.#attempt('DELETE', `${TASKS}/${id}`, randomBytes(16).toString('hex'), {});
      throw error;
    }
  }

  /** Waits for something else; its connection beats meanwhile. */
  async idle(ms: number): Promise<void> {
    await this.beat();
    await this.#setting.sleep(ms);
  }

  /** Sends a heartbeat at once, over a connection that is opened for it if there is none. */
  async beat(): Promise<void> {
    if (this.#protocol === 'h2') await this.#http2.beat();
  }

  async close(): Promise<void> {
    await this.#http2.close();
    this.#http1.destroy();
  }

  async #follow(id: string, untilMs: number): Promise<string> {
    const visibleByMs = this.#setting.now() + LAG_LIMIT_MS;
    for (;;) {
      const { status, body } = await this.call('GET', `${TASKS}/${id}`, { untilMs });
      if (status !== 200 && !(status === 404 && this.#setting.now() < visibleByMs))
        throw new Error(`Task ${id} cannot be polled: ${status} ${body}`);
      const { status: reached } = JSON.parse(body) as { readonly status?: string };
      if (reached !== undefined && OVER.includes(reached)) return reached;
      await this.#pause(POLL_EVERY_MS, untilMs);
    }
  }

  async #attempt(method: string, path: string, trace: string, options: CallOptions): Promise<Answer | Failure> {
    const { body, untilMs = Number.POSITIVE_INFINITY } = options;
    const limitMs = Math.min(this.#limits.attemptMs, untilMs - this.#setting.now());
    const late = new AbortController();
    const timer = this.#setting.after(limitMs, () => late.abort());
    try {
      const answer = await this.#send(method, path, trace, { body, signal: late.signal });
      const { status, headers } = answer;
      // The API redirects nothing: what does may have passed the call on before.
      const failed = status >= 500 || status === 429 || (status >= 300 && status < 400);
      if (failed) {
        const error = new Error(`${method} ${path} was answered with ${status}`);
        return { error, askedMs: readRetryAfter(headers['retry-after']), mayBeDone: status !== 429 };
      }
      // JSON that does not parse was cut on its way.
      JSON.parse(answer.body);
      this.#backoff.noteSuccess();
      return answer;
    } catch (error) {
      return { error, mayBeDone: true };
    } finally {
      timer.cancel();
    }
  }

  async #send(
    method: string,
    path: string,
    trace: string,
    { body, signal }: { readonly body: unknown; readonly signal: AbortSignal },
  ): Promise<Answer> {
    const traceparent = `00-${trace}-${randomBytes(8).toString('hex')}-01`;
    const { userAgent, apiKey = 'ark-reference', url } = this.#setting;
    const headers = { 'user-agent': userAgent, traceparent, authorization: `Bearer ${apiKey}` };
    if (this.#protocol === 'h2')
      return this.#http2.use((session) => request(session, method, path, { headers, body, signal }), signal);
    // HTTP/1.1 has no PING: the heartbeat goes along with the call.
    const beating = { ...headers, 'x-client-timestamp': String(Date.now()) };
    const answer = await requestByHttp1(this.#http1, new URL(path, url), method, { headers: beating, body, signal });
    this.#settled = true;
    return answer;
  }

  /** Looks for the task of a create that failed, by its mark. New tasks move older ones to later pages, and none between two. */
  async #findCreated(mark: string, untilMs: number): Promise<Answer | undefined> {
    for (let page = 1; ; page++) {
      const { status, body } = await this.call('GET', `${TASKS}?page_num=${page}&page_size=${PAGE_SIZE}`, { untilMs });
      if (status !== 200) throw new Error(`Tasks cannot be listed: ${status} ${body}`);
      const { items, total } = JSON.parse(body) as Page;
      const found = items.find((item) => item.safety_identifier === mark);
      if (found) return { status: 200, headers: {}, body: JSON.stringify({ id: found.id }) };
      if (page * PAGE_SIZE >= total) return undefined;
    }
  }

  /** Waits until a call may be sent. Another one may fail while it waits: then it waits on. */
  async #backOff(untilMs: number): Promise<void> {
    let ms: number;
    do {
      ms = this.#backoff.leftMs();
      await this.#pause(ms, untilMs);
    } while (ms > 0);
  }

  /** @throws Error when the time of the caller is over */
  async #pause(ms: number, untilMs: number): Promise<void> {
    const leftMs = untilMs - this.#setting.now();
    if (ms > 0) await this.#setting.sleep(Math.min(ms, Math.max(0, leftMs)));
    if (ms >= leftMs) throw new Error('The time of this video is over.');
  }

  /** @returns until when the call has to wait */
  #noteFailure(inARow: number, askedMs: number | undefined): number {
    const before = this.#backoff.failures;
    const ownUntilMs = this.#backoff.noteFailure(inARow, askedMs);
    const { failures } = this.#backoff;
    if (failures !== before && !this.#settled && failures % SWITCH_AFTER === 0)
      this.#protocol = this.#protocol === 'h2' ? 'http/1.1' : 'h2';
    return ownUntilMs;
  }
}

/** A page of List. */
interface Page {
  readonly total: number;
  readonly items: readonly { readonly id: string; readonly safety_identifier?: string }[];
}

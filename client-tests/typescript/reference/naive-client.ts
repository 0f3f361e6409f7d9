import { type Answer, type ClientSetting, connect, lighthouse, OVER, request, TASKS } from './http2-call.ts';

/** How often it tries, unless its user has turned that off. */
const TRIES = 20;

/**
 * A client as it is often written: a connection for each call, no pause before it tries again, whatever the answer says, and
 * a create that failed is simply sent once more.
 */
export class NaiveClient {
  readonly #setting: ClientSetting;
  readonly #tries: number;

  constructor(setting: ClientSetting, tries = TRIES) {
    this.#setting = setting;
    this.#tries = tries;
  }

  async call(method: string, path: string, body?: unknown): Promise<Answer> {
    const headers = { 'user-agent': this.#setting.userAgent };
    for (let tries = 1; ; tries++) {
      try {
        const session = await connect(this.#setting);
        try {
          const answer = await request(session, method, path, { headers, body });
          if (answer.status < 429) return answer;
        } finally {
          session.close();
        }
      } catch (error) {
        if (tries >= this.#tries) throw error;
      }
      if (tries >= this.#tries) throw new Error(`${method} ${path} failed ${tries} times`);
    }
  }

  /** @returns how the task ended */
  async makeVideo(body: unknown = lighthouse): Promise<string> {
    const { id } = JSON.parse((await this.call('POST', TASKS, body)).body);
    for (;;) {
      const { status } = JSON.parse((await this.call('GET', `${TASKS}/${id}`)).body);
      if (OVER.includes(status)) return status;
      // As often as it can, more or less.
      await this.#setting.sleep(100);
    }
  }

  /** Waits for something else, and leaves the connection alone. */
  async idle(ms: number): Promise<void> {
    await connect(this.#setting);
    await this.#setting.sleep(ms);
  }
}

import Fastify, { type FastifyInstance, type InjectOptions } from 'fastify';
import { Lane } from '../lane.ts';
import { loadScenario, type ScenarioInput } from '../scenario/load.ts';
import { registerApi } from './api.ts';
import { TaskStore } from './task-store.ts';
import { Videos } from './videos.ts';

/** The API of one lane whose time stands still, as tests talk to it. */
export interface TestApi extends AsyncDisposable {
  readonly app: FastifyInstance;
  readonly lane: Lane;
  readonly tasks: TaskStore;
  /** Sends a request with a key to a path below the tasks, or to a whole URL path. */
  call(method: NonNullable<InjectOptions['method']>, path?: string, options?: InjectOptions): Promise<Answer>;
  /** Creates a task and returns its id. */
  create(fields?: Readonly<Record<string, unknown>>): Promise<string>;
}

/** An answer, its body read as JSON where it is JSON. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: unknown;
  readonly bytes: Buffer;
}

export const TASKS_URL = '/api/v3/contents/generations/tasks';
export const textOnly = {
  model: 'doubao-seedance-2-0-260128',
  content: [{ type: 'text', text: 'A lighthouse at dusk.' }],
};

/** Opens the API over a scenario, on a manual clock. */
export async function openApi(scenario: ScenarioInput = {}, options: { publicUrl?: string } = {}): Promise<TestApi> {
  const lane = new Lane('main', loadScenario({ seed: 7, ...scenario, clock: { mode: 'manual' } }));
  const tasks = new TaskStore(lane);
  const app = Fastify();
  registerApi(app, { lane, tasks, videos: new Videos(lane), results: options });
  await app.ready();

  async function call(method: NonNullable<InjectOptions['method']>, path = '', given: InjectOptions = {}) {
    const url = path.startsWith('/api') || path.startsWith('https:') ? path : `${TASKS_URL}${path}`;
    const headers = { authorization: 'Bearer ark-key', host: 'localhost:8443', ...given.headers };
    const { statusCode, rawPayload, payload, ...reply } = await app.inject({ method, url, ...given, headers });
    const isJson = payload !== '' && String(reply.headers['content-type']).startsWith('application/json');
    return {
      status: statusCode,
      headers: reply.headers,
      body: isJson ? JSON.parse(payload) : payload,
      bytes: rawPayload,
    };
  }

  return {
    app,
    lane,
    tasks,
    call,
    async create(fields = {}) {
      const { body } = await call('POST', '', { payload: { ...textOnly, ...fields } });
      return (body as { id: string }).id;
    },
    async [Symbol.asyncDispose]() {
      tasks.close();
      await app.close();
    },
  };
}

/** Whether a message ends in a sentence and, behind it, a request id. */
export const signed = (sentence: string) => (message: string) => {
  const [before = '', id = '', ...rest] = message.split(' Request id: ');
  return before.endsWith(sentence) && /^02\d{13}[0-9a-f]{38}$/.test(id) && rest.length === 0;
};

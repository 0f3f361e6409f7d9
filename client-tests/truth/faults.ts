import type { ScenarioInput } from '../../server/index.ts';

type Fault = NonNullable<ScenarioInput['faults']>[number];
type RequestFault = Extract<Fault, { readonly on: 'request' }>;

export const TASKS = '/api/v3/contents/generations/tasks';
const CREATE = { method: 'POST', path: TASKS };
const GET = { method: 'GET', path: `${TASKS}/:id` };

/** Fast enough for a test, slow enough to be polled a few times. */
export const quick = { tasks: { queued: '100ms', running: '600ms' } } as const;
/** The service's rules of silence are off: most rows are about something else, and a busy machine is silent now and then. */
export const patient = { service: { idle: 'off', heartbeat: 'off' } } as const;
/** What most rows start from. */
export const calm = { ...quick, ...patient };
/** HTTP/1.1 is admitted, too. */
export const dual = { ...calm, profile: 'dual-stack' } as const;

export const on = {
  creates: (name: string, inject: RequestFault['inject'], when: RequestFault['when'] = { first: 1 }): RequestFault => ({
    name,
    on: 'request',
    match: CREATE,
    when,
    inject,
  }),
  polls: (name: string, inject: RequestFault['inject'], when: RequestFault['when'] = { first: 1 }): RequestFault => ({
    name,
    on: 'request',
    match: GET,
    when,
    inject,
  }),
  all: (name: string, inject: RequestFault['inject'], when: RequestFault['when'] = { first: 1 }): RequestFault => ({
    name,
    on: 'request',
    when,
    inject,
  }),
};

/** The create is carried out, and its answer is lost with the connection. */
export const lostCreate = on.creates('the answer is lost', [{ delay: { ms: 50 } }, { end: { at: 'after-commit' } }]);
/** The same, and only the stream ends. */
export const lostStream = on.creates('the stream is reset', [{ end: { at: 'after-commit', how: 'rst-stream' } }]);
export const refusedCreate = on.creates('cut before it is carried out', [{ end: { at: 'before-commit' } }]);
export const emptyCreate: Fault = {
  name: 'the answer is empty',
  on: 'response',
  match: CREATE,
  when: { first: 1 },
  inject: [{ status: { code: 200, body: 'empty' } }],
};
export const halfCreate: Fault = {
  name: 'JSON without its end',
  on: 'response',
  match: CREATE,
  when: { first: 1 },
  inject: [{ 'corrupt-body': { how: 'cut', from: 5 } }],
};
export const cutPolls = (times: number): Fault =>
  on.polls('a poll is cut', [{ end: { at: { bodyBytes: 40 } } }], { first: times });
/** A poll whose answer has its length, and not its end. */
export const truncatedPoll: Fault = {
  name: 'JSON without its end',
  on: 'response',
  match: GET,
  when: { first: 1 },
  inject: [{ 'corrupt-body': { how: 'cut', from: 5 } }],
};
/** Every second poll is cut, so that each failure is followed by a success. */
export const everySecondPoll = (times: number): Fault =>
  on.polls('every second poll is cut', [{ end: { at: { bodyBytes: 40 } } }], { every: 2, times });
export const silentPoll = on.polls('a poll is never answered', [{ end: { at: 'headers', how: 'hang' } }]);
export const status = (code: number, times: number, more: object = {}): Fault =>
  on.polls(`polls are answered with ${code}`, [{ status: { code, ...more } }], { first: times });
export const createStatus = (code: number, times: number, more: object = {}): Fault =>
  on.creates(`creates are answered with ${code}`, [{ status: { code, ...more } }], { first: times });

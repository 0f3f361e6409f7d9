import { expect, test } from 'vitest';
import type { ScenarioInput } from '../scenario/load.ts';
import { createEventCheck, EVENT_SCHEMA_VERSION, readEventSchema } from './callback-contract.ts';
import { openApi } from './testing.ts';

const check = createEventCheck();

/** A callback as the service documents it. */
const running = {
  id: 'cgt-20261122160312-k7wq2',
  model: 'doubao-seedance-2-0-260128',
  status: 'running',
  created_at: 1795334592,
  updated_at: 1795334598,
  service_tier: 'default',
  execution_expires_after: 172800,
  generate_audio: true,
  draft: false,
  priority: 0,
};
const checkJson = (event: object) => check(Buffer.from(JSON.stringify(event)));

test('the documented callback fits', () => expect(checkJson(running)).toBeUndefined());

test('the schema is named and versioned', () => {
  expect(JSON.parse(readEventSchema(EVENT_SCHEMA_VERSION) ?? '')).toMatchObject({
    type: 'record',
    name: 'TaskChanged',
    namespace: 'seedance.events',
    version: EVENT_SCHEMA_VERSION,
  });
  expect(readEventSchema(EVENT_SCHEMA_VERSION + 1)).toBeUndefined();
});

test.each([
  [{ id: undefined }, '`id` is missing, where the schema has string'],
  [{ status: 'cancelled' }, '`status` is "cancelled", where the schema has enum'],
  [{ created_at: 1.5 }, '`created_at` is 1.5, where the schema has long'],
  [{ content: {} }, '`content.video_url` is missing, where the schema has string'],
  [{ tools: [{ type: 4 }] }, '`tools.0.type` is 4, where the schema has string'],
  [{ prompt: 'A lighthouse.' }, 'no field is called `prompt`'],
  [{ error: { code: 'x', message: 'y', param: '' } }, 'no field is called `error.param`'],
  [
    { draft: 'no', priority: null },
    '`draft` is "no", where the schema has boolean; `priority` is null, where the schema has int',
  ],
])('%j does not', (change, misfit) => expect(checkJson({ ...running, ...change })).toBe(misfit));

/** Requests that between them use every field that a task shows. */
const requests: readonly Readonly<Record<string, unknown>>[] = [
  {
    safety_identifier: 'user-1',
    tools: [{ type: 'web_search' }],
    return_last_frame: true,
    priority: 9,
    seed: 2 ** 32 - 1,
  },
  { duration: -1, ratio: 'adaptive', resolution: '480p', generate_audio: false, execution_expires_after: 86_400 },
  { model: 'doubao-seedance-2-5-260628', output_format: 'mov', draft: true },
  { model: 'doubao-seedance-1-0-pro-250528', frames: 57, service_tier: 'flex', priority: 7 },
];
const lives: Readonly<Record<string, ScenarioInput>> = {
  succeeded: {},
  failed: { tasks: { outcome: 'failed' } },
  expired: { faults: [{ on: 'task', inject: [{ stick: { in: 'queued' } }] }] },
};

test.each(Object.entries(lives))('what Get answers fits, from the beginning until it is %s', async (end, scenario) => {
  await using api = await openApi(scenario);
  const ids: string[] = [];
  for (const request of requests) ids.push(await api.create(request));
  const bodies = () => Promise.all(ids.map(async (id) => (await api.call('GET', `/${id}`)).bytes));
  const told = [...(await bodies())];
  for (const ms of [1_000, 4_000, 72 * 3_600_000]) {
    await api.lane.clock.advance(ms);
    told.push(...(await bodies()));
  }
  expect(JSON.parse(told.at(-1)?.toString() ?? '')).toMatchObject({ status: end });
  expect(told.flatMap((body) => check(body) ?? [])).toEqual([]);
});

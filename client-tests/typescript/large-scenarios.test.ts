import { describe, expect, test } from 'vitest';
import { startMockServer, UsageError } from '../../server/index.ts';
import { callAdmin } from './support/admin.ts';

/** Less than the 256 KiB that a scenario may have, and more than can be read in a moment. */
const texts = [
  ['aliases', `a: &a 1\nb: [${'*a,'.repeat(20_000)}]`, 'at least 101 aliases, over the limit of 100.'],
  ['brackets', `a: ${'['.repeat(120_000)}`, 'at least 65 levels, over the limit of 64.'],
  ['lines', '\n'.repeat(200_000), '200000 lines, over the limit of 20000 lines.'],
  ['words', `a: [${'b,'.repeat(100_000)}]`, 'at least 45001 tokens of YAML'],
  ['JSON', JSON.stringify({ faults: Array(10_000).fill({ on: 'dns' }) }), 'at least 45001 tokens of YAML'],
] as const;

const refused = (words: string) => ({
  status: 422,
  body: { problems: [{ code: 'SCENARIO_TOO_LARGE', message: expect.stringContaining(words) }] },
});

describe.each(texts)('a text of many %s is refused before it is parsed', (_, text, words) => {
  test.each([
    ['PUT /scenario', text],
    ['POST /faults', text],
    ['POST /lanes', JSON.stringify({ scenario: text })],
  ])('%s', async (call, body) => {
    await using server = await startMockServer({ scenario: 'name: first' });

    expect(await callAdmin(server, call, body)).toMatchObject(refused(words));

    expect(server.lane.scenario.name).toBe('first');
    expect(server.lane.faults).toEqual([]);
  });
});

const nested = (levels: number) => ({ faults: JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`) });

test.each([64, 100_000])('an object of %i levels is refused by POST /lanes and in process', async (levels) => {
  await using server = await startMockServer();
  const scenario = nested(levels);
  const body = `{"scenario":{"faults":${'['.repeat(levels)}${']'.repeat(levels)}}}`;

  expect(await callAdmin(server, 'POST /lanes', body)).toMatchObject(refused('65 levels'));
  await expect(server.openLane({ scenario })).rejects.toThrow(/SCENARIO_TOO_LARGE\n.*65 levels/);
  await expect(startMockServer({ scenario })).rejects.toThrow(UsageError);
});

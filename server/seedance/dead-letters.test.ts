import { expect, test } from 'vitest';
import { Lane } from '../lane.ts';
import { loadScenario } from '../scenario/load.ts';
import type { RetryClassName } from '../scenario/scenario.ts';
import { DeadLetters, MAX_DEAD_LETTERS, type Undelivered } from './dead-letters.ts';

const DAY_MS = 24 * 3_600_000;

function openArchive() {
  const lane = new Lane('test', loadScenario({ seed: 7, clock: { mode: 'manual' } }));
  const told = () =>
    lane.journal
      .events()
      .flatMap((event) =>
        event.type.startsWith('dead-letter.') && 'letter' in event
          ? [`${event.letter} ${event.type.split('.')[1]}`]
          : [],
      );
  return { lane, archive: new DeadLetters(lane), told };
}

/** A callback of a task with this number, tried in vain. */
function undelivered(name: RetryClassName, number = 1, body = Buffer.from('{"status":"queued"}')): Undelivered {
  const task = `cgt-${number}`;
  const news = { task, status: 'queued', url: 'http://shop.test/', bizId: task, opType: 'task.queued', version: 1 };
  const letter = { url: new URL('http://shop.test/?token=s3cret'), headers: { 'biz-id': task }, body };
  return { news, letter, class: name, ordinal: number, attempts: 3, reason: 'answered 500' };
}

test('the service keeps no dead letters', () => {
  const { archive, told } = openArchive();
  archive.archive(undelivered('ark'));
  expect(archive.list()).toEqual([]);
  expect(told()).toEqual([]);
});

test.each(['financial', 'operational'] as const)('a %s letter comes out as it went in, whatever its bytes', (name) => {
  const { archive } = openArchive();
  const given = undelivered(name, 1, Buffer.from([0, 0xff, 0xc3, 0x28, 0x0a, 0x22]));
  archive.archive(given);
  const { letter } = archive.open('dl-1');
  expect(letter.url.href).toBe('http://shop.test/?token=s3cret');
  expect(letter.headers).toEqual({ 'biz-id': 'cgt-1' });
  expect(Buffer.from(letter.body).equals(given.letter.body)).toBe(true);
});

test('D5: financial letters lie as they are, for ever; operational ones compressed, for seven days', async () => {
  const { lane, archive, told } = openArchive();
  const body = Buffer.from(JSON.stringify({ status: 'queued', text: 'all work and no play '.repeat(100) }));
  archive.archive(undelivered('financial', 1, body));
  archive.archive(undelivered('operational', 2, body));
  const [plain, packed] = archive.list();
  expect(plain).toMatchObject({ id: 'dl-1', compressed: false });
  expect(plain).not.toHaveProperty('expiresAtMs');
  expect(packed).toMatchObject({ id: 'dl-2', compressed: true, expiresAtMs: lane.clock.now() + 7 * DAY_MS });
  expect(packed?.packed.byteLength).toBeLessThan((plain?.packed.byteLength ?? 0) / 5);
  expect(lane.journal.events('dead-letter.archived')).toMatchObject([
    { letter: 'dl-1', class: 'financial', attempts: 3, reason: 'answered 500', compressed: false },
    { letter: 'dl-2', class: 'operational', compressed: true, bytes: packed?.packed.byteLength },
  ]);

  await lane.clock.advance(7 * DAY_MS - 1);
  expect(archive.list()).toHaveLength(2);
  await lane.clock.advance(1);
  expect(archive.list().map(({ id }) => id)).toEqual(['dl-1']);
  await lane.clock.advance(365 * DAY_MS);
  expect(archive.list()).toHaveLength(1);
  expect(told()).toEqual(['dl-1 archived', 'dl-2 archived', 'dl-2 expired']);
});

test('the oldest makes room, and the journal says so', () => {
  const { lane, archive } = openArchive();
  for (let number = 1; number <= MAX_DEAD_LETTERS + 1; number++) archive.archive(undelivered('operational', number));
  expect(archive.list()).toHaveLength(MAX_DEAD_LETTERS);
  expect(archive.list()[0]?.id).toBe('dl-2');
  expect(lane.journal.events('dead-letter.displaced')).toMatchObject([
    { letter: 'dl-1', task: 'cgt-1', limit: MAX_DEAD_LETTERS },
  ]);
});

test('one that is taken out to be replayed comes back under its id, and its seven days begin anew', async () => {
  const { lane, archive, told } = openArchive();
  archive.archive(undelivered('operational'));
  await lane.clock.advance(6 * DAY_MS);
  const taken = archive.take('dl-1');
  expect(taken.news).toMatchObject({ task: 'cgt-1', replay: 1 });
  expect(archive.list()).toEqual([]);
  archive.archive({ ...taken, attempts: 8, reason: 'answered 503' }, 'dl-1');
  await lane.clock.advance(6 * DAY_MS);
  expect(archive.list()).toMatchObject([{ id: 'dl-1', reason: 'answered 503', news: { replay: 1 } }]);
  expect(archive.take('dl-1').news.replay).toBe(2);
  expect(told()).toEqual(['dl-1 archived', 'dl-1 replayed', 'dl-1 archived', 'dl-1 replayed']);
});

test('one that is deleted, or cleared, does not expire any more', async () => {
  const { lane, archive, told } = openArchive();
  archive.archive(undelivered('operational', 1));
  archive.archive(undelivered('operational', 2));
  archive.delete('dl-1');
  archive.clear();
  await lane.clock.advance(8 * DAY_MS);
  expect(told()).toEqual(['dl-1 archived', 'dl-2 archived', 'dl-1 deleted']);
});

test('what is not there is a problem', () => {
  const { archive } = openArchive();
  for (const use of [archive.open, archive.take, archive.delete]) {
    expect(() => use.call(archive, 'dl-9')).toThrow('There is no dead letter "dl-9".');
  }
});

import { appendFile, mkdir, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openFolder } from '../../client-tests/typescript/support/command-line.ts';
import { canMount, mountDisk } from '../../client-tests/typescript/support/small-disk.ts';
import { Lane } from '../lane.ts';
import { loadScenario } from '../scenario/load.ts';
import { Recording, type RecordingSetting } from './recording.ts';
import { retry } from './retrial.ts';

const expected = 'expect: [ no-duplicate-creates, tasks-settled ]';
const openLane = (id = 'main', text = `{ seed: 7, clock: { mode: manual }, ${expected} }`) =>
  new Lane(id, loadScenario(text), { journalCapacity: 100_000 });

/** Notes so many events of a hundred bytes. */
function fill({ journal }: Lane, count: number): void {
  for (let n = 0; n < count; n++) journal.append({ type: 'task.deleted', task: `cgt-20261130-${'x'.repeat(40)}` });
}

/** Records a lane that has little else than these settings. */
async function record(folder: string, setting: Partial<RecordingSetting> = {}) {
  const lane = openLane();
  return { lane, recording: await Recording.start(lane, { folder: join(folder, 'recording'), ...setting }) };
}

/** The lines of each file of a lane, oldest first. */
async function readLane(folder: string, lane = 'main'): Promise<readonly (readonly Record<string, unknown>[])[]> {
  const at = join(folder, 'recording', lane);
  const names = (await readdir(at)).toSorted();
  const texts = await Promise.all(names.map((name) => readFile(join(at, name), 'utf8')));
  return texts.map((text) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  );
}

const judge = (folder: string, until: 'judged' | 'end' = 'judged', lane = 'main') =>
  retry({ folder: join(folder, 'recording'), lane, until, events: 0 });

const seqsOf = (lines: readonly Record<string, unknown>[]) => lines.flatMap(({ seq, type }) => (type ? [seq] : []));
const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, index) => first + index);

describe('files', () => {
  test('a file begins with what is needed to judge, and holds the journal, the verdicts and the end', async () => {
    await using folder = await openFolder();
    const { lane, recording } = await record(folder.path);
    fill(lane, 2);
    lane.verdict('fin');
    const { at } = lane.journal.moment;
    lane.load(() => loadScenario('{ name: other, seed: 8 }'));
    await recording.close();

    const [lines = []] = await readLane(folder.path);

    expect(lines).toEqual([
      {
        record: 'header',
        format: 'seedance-mock recording',
        version: 1,
        server: expect.stringMatching(/^\d+\.\d+\.\d+/),
        lane: 'main',
        part: 1,
        begun: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
        case: {
          scenario: { name: 'inline', profile: 'seedance', text: expect.stringContaining('tasks-settled') },
          seed: 7,
          expect: ['no-duplicate-creates', 'tasks-settled'],
        },
        clock: { mode: 'manual', speed: 1 },
      },
      ...lane.journal.events().slice(0, 3),
      { record: 'judged', seq: 3, at, realAt: expect.any(Number), resets: 'fin' },
      {
        record: 'case',
        scenario: { name: 'other', profile: 'seedance', text: expect.any(String) },
        seed: 8,
        expect: [],
      },
      ...lane.journal.events().slice(3),
      { record: 'end', seq: 4, at, realAt: expect.any(Number) },
    ]);
  });

  test('files rotate by size and are kept by count; the report names the events that are gone', async () => {
    await using folder = await openFolder();
    const { lane, recording } = await record(folder.path, { fileBytes: 10_000, files: 3 });
    fill(lane, 1_000);
    lane.verdict();
    await recording.close();

    const files = await readLane(folder.path);
    expect(files).toHaveLength(3);
    for (const [header] of files) expect(header).toMatchObject({ record: 'header', case: { seed: 7 } });
    const seqs = files.flatMap(seqsOf);
    const first = Number(seqs[0]);
    expect(seqs).toEqual(upTo(1_001, first));
    expect(first).toBeGreaterThan(800);

    const { report, notes } = await judge(folder.path);
    const range = new RegExp(`^the recording does not hold events 1 to ${first - 1} \\(\\S+Z to \\S+Z\\)$`);
    expect(report).toMatchObject({ outcome: 'inconclusive', missed: first - 1 });
    for (const check of report.checks)
      expect(check).toMatchObject({ outcome: 'inconclusive', doubt: expect.stringMatching(range) });
    expect(notes).toEqual([expect.stringMatching(/^Missing: the recording does not hold events 1 to /)]);
  });

  test('events that are gone from before the scenario was loaded change no verdict', async () => {
    await using folder = await openFolder();
    const { lane, recording } = await record(folder.path, { fileBytes: 10_000, files: 2 });
    fill(lane, 1_000);
    lane.restart();
    const { report } = lane.verdict();
    await recording.close();

    const again = await judge(folder.path);

    expect(again.report.checks).toEqual(report.checks);
    expect(again.report.missed).toBe(0);
  });

  test('each lane has files of its own, also a second lane of the same name', async () => {
    await using folder = await openFolder();
    const { lane, recording } = await record(folder.path);
    for (const seed of [11, 12]) {
      const other = openLane('lane-1', `seed: ${seed}`);
      recording.follow(other);
      fill(other, seed);
      recording.end(other);
      fill(other, 1);
    }
    fill(lane, 5);
    await recording.close();

    expect((await readdir(folder.at('recording'))).toSorted()).toEqual(['lane-1', 'lane-1.2', 'main']);
    for (const [name, seed] of Object.entries({ 'lane-1': 11, 'lane-1.2': 12 })) {
      const [lines = []] = await readLane(folder.path, name);
      expect(lines[0]).toMatchObject({ lane: 'lane-1', case: { seed } });
      expect(seqsOf(lines)).toEqual(upTo(seed + 1));
      expect((await judge(folder.path, 'end', name)).report).toMatchObject({ seed, events: seed + 1 });
    }
    expect(seqsOf((await readLane(folder.path))[0] ?? [])).toEqual(upTo(6));
  });
});

test('the last recordings of lanes that are over are kept, and that of the main lane', async () => {
  await using folder = await openFolder();
  const { recording } = await record(folder.path, { endedLanes: 2 });
  for (const id of ['a', 'b', 'c', 'd']) {
    const lane = openLane(id);
    recording.follow(lane);
    recording.end(lane);
  }
  await recording.close();
  expect((await readdir(folder.at('recording'))).toSorted()).toEqual(['c', 'd', 'main']);
});

describe('a folder', () => {
  test('a folder with a recording in it is refused, and stays as it is', async () => {
    await using folder = await openFolder();
    const { lane, recording } = await record(folder.path);
    fill(lane, 3);
    await recording.close();
    const before = await readLane(folder.path);

    await expect(record(folder.path)).rejects.toMatchObject({ problems: [{ code: 'RECORDING_EXISTS' }] });

    expect(await readLane(folder.path)).toEqual(before);
  });

  test('a folder with other files in it is taken, and they stay', async () => {
    await using folder = await openFolder();
    await mkdir(folder.at('recording/lane-1'), { recursive: true });
    await writeFile(folder.at('recording/lane-1/events-000001.ndjson'), 'mine\n');
    const { recording } = await record(folder.path);
    recording.follow(openLane('lane-1'));
    await recording.close();

    expect((await readdir(folder.at('recording'))).toSorted()).toEqual(['lane-1', 'lane-1.2', 'main']);
    expect(await readFile(folder.at('recording/lane-1/events-000001.ndjson'), 'utf8')).toBe('mine\n');
  });

  test('a folder that cannot be made is refused with the reason', async () => {
    await using folder = await openFolder();
    await folder.write('recording', 'a file');
    await expect(record(folder.path)).rejects.toMatchObject({
      problems: [{ code: 'FOLDER_UNWRITABLE', message: expect.stringMatching(/^Cannot record in .*: E[A-Z]+: /) }],
    });
  });

  test.runIf(canMount())('a folder on a full disk is refused, and nothing is left', async () => {
    using disk = mountDisk(1);
    await writeFile(disk.at('filler'), Buffer.alloc(4_096));
    await expect(record(disk.path)).rejects.toMatchObject({
      problems: [{ code: 'FOLDER_UNWRITABLE', message: expect.stringContaining('ENOSPC: no space left on device') }],
    });
    expect(await readdir(disk.path)).toEqual(['filler']);
  });
});

/** Writes files once it may. */
function makeHangingDisk() {
  const written: string[] = [];
  let free: () => void = () => {};
  let hangs: Promise<void> | undefined;
  const openFolder: RecordingSetting['openFolder'] = (path) => ({
    path,
    async append(_part, bytes) {
      await hangs;
      written.push(...bytes.toString().trimEnd().split('\n'));
    },
    close: async () => {},
    remove: async () => {},
  });
  return {
    openFolder,
    written,
    hang() {
      hangs = new Promise((resolve) => (free = resolve));
    },
    free() {
      hangs = undefined;
      free();
    },
  };
}

describe('a disk that hangs', () => {
  test('a disk that hangs delays no event: what finds no room is lost, counted, and noted at the end', async () => {
    await using folder = await openFolder();
    const disk = makeHangingDisk();
    const { lane, recording } = await record(folder.path, { roomBytes: 40_000, openFolder: disk.openFolder });
    disk.hang();
    fill(lane, 10_000);
    const failed = await lane.journal.waitFor('recording.failed');
    expect(failed).toMatchObject({ lane: 'main', reason: 'events come faster than they are written' });
    // This event, too.
    const lostWhileHanging = recording.lost;
    expect(lostWhileHanging).toBeGreaterThan(9_000);

    disk.free();
    const lost = await lane.journal.waitFor('recording.lost');
    fill(lane, 10);
    await recording.close();

    expect(lane.journal.events('recording.failed')).toHaveLength(1);
    expect(lane.journal.events('recording.lost')).toHaveLength(1);
    const lines = disk.written.map((line) => JSON.parse(line) as Record<string, unknown>);
    const { firstSeq, lastSeq, firstAt, lastAt, events } = lost;
    expect(lines.filter(({ record }) => record === 'lost')).toEqual([
      {
        record: 'lost',
        ...{ firstSeq, lastSeq, firstAt, lastAt, events },
        case: expect.anything(),
        clock: expect.anything(),
      },
    ]);
    expect(events).toBe(recording.lost);
    expect(seqsOf(lines)).toEqual([...upTo(firstSeq - 1), ...upTo(lane.journal.seq, lastSeq + 1)]);
  });

  test('a lane whose folder fails leaves room for the others', async () => {
    await using folder = await openFolder();
    const disk = makeHangingDisk();
    const { lane, recording } = await record(folder.path, {
      roomBytes: 40_000,
      retryMs: 1,
      openFolder: (path, files) => ({
        ...(disk.openFolder?.(path, files) ?? expect.fail()),
        append: (_part, bytes) =>
          path.endsWith('broken')
            ? Promise.reject(new Error('oops'))
            : Promise.resolve(void disk.written.push(`${bytes}`)),
      }),
    });
    const broken = openLane('broken');
    recording.follow(broken);
    fill(broken, 1_000);
    await lane.journal.waitFor('recording.failed');
    fill(lane, 50);
    await recording.close();

    expect(lane.journal.events('recording.lost')).toMatchObject([{ lane: 'broken', firstSeq: 1, lastSeq: 1_001 }]);
    expect(disk.written.join('').trimEnd().split('\n')).toHaveLength(lane.journal.seq - 1 + 2);
  });

  test('a disk that hangs does not delay the end, and the journal says what is lost', async () => {
    await using folder = await openFolder();
    const disk = makeHangingDisk();
    const { lane, recording } = await record(folder.path, { openFolder: disk.openFolder });
    disk.hang();
    fill(lane, 10);

    await recording.close();

    expect(lane.journal.events('recording.lost')).toMatchObject([{ events: 10, firstSeq: 2, lastSeq: 11 }]);
    disk.free();
  });
});

describe('an outage', () => {
  test.runIf(canMount())('after a full disk, what waited is written, and nothing is lost', async () => {
    using disk = mountDisk(40);
    const { lane, recording } = await record(disk.path, { retryMs: 1 });
    await writeFile(disk.at('filler'), Buffer.alloc(30 * 4_096));
    fill(lane, 1_000);
    await lane.journal.waitFor('recording.failed', ({ reason }) => reason === 'ENOSPC: no space left on device');
    await rm(disk.at('filler'));
    lane.verdict();
    await recording.close();

    expect(recording.lost).toBe(0);
    expect(lane.journal.events('recording.failed')).toHaveLength(1);
    expect((await readLane(disk.path)).flatMap(seqsOf)).toEqual(upTo(lane.journal.seq));
  });

  test('after its folder was removed, a lane goes on in the next file, and the events before are lost', async () => {
    await using folder = await openFolder();
    const { lane, recording } = await record(folder.path);
    fill(lane, 10);
    await rename(folder.at('recording'), folder.at('gone'));
    fill(lane, 10);
    const lost = await lane.journal.waitFor('recording.lost');
    fill(lane, 5);
    lane.verdict();
    await recording.close();

    const [failed, ...more] = lane.journal.events('recording.failed');
    expect([failed, more]).toMatchObject([{ reason: 'its file is gone' }, []]);
    expect(lost).toMatchObject({ firstSeq: 1, lastSeq: failed?.seq });
    const files = await readLane(folder.path);
    expect(files.flatMap(seqsOf)).toEqual(upTo(lane.journal.seq, lost.lastSeq + 1));
    const { report } = await judge(folder.path);
    expect(report).toMatchObject({ outcome: 'inconclusive', missed: lost.lastSeq, seed: 7 });
  });

  test('a scenario and a clock that came into force in an outage hold after it', async () => {
    await using folder = await openFolder();
    const disk = makeHangingDisk();
    const { lane, recording } = await record(folder.path, { roomBytes: 40_000, openFolder: disk.openFolder });
    disk.hang();
    fill(lane, 1_000);
    lane.load(() => loadScenario(`{ name: other, seed: 9, clock: { speed: 20 }, expect: [ tasks-settled ] }`));
    disk.free();
    await lane.journal.waitFor('recording.lost');
    fill(lane, 1);
    lane.verdict();
    await recording.close();
    await folder.write('recording/main/events-000001.ndjson', `${disk.written.join('\n')}\n`);

    const { report } = await judge(folder.path);

    expect(report).toMatchObject({ scenario: 'other', seed: 9, outcome: 'inconclusive' });
    expect(report.checks).toMatchObject([{ check: 'tasks-settled' }]);
  });
});

describe('a recording is judged', () => {
  /** A recording of a verdict and of two events after it. */
  async function recordSome(path: string) {
    const { lane, recording } = await record(path);
    fill(lane, 5);
    const { report } = lane.verdict();
    fill(lane, 2);
    await recording.close();
    return { report, file: join(path, 'recording', 'main', 'events-000001.ndjson') };
  }

  test('a recording is judged as at the last verdict, or up to the end', async () => {
    await using folder = await openFolder();
    const { report } = await recordSome(folder.path);

    const judged = await judge(folder.path);
    expect(judged.report).toEqual(report);
    expect(judged.notes).toEqual([
      'Judged is what was known at the last verdict; 2 later events count with --until end.',
    ]);
    expect(await judge(folder.path, 'end')).toMatchObject({ report: { events: 8 }, notes: [] });
  });

  test('a recording whose last line is cut short is judged up to that line, and says so', async () => {
    await using folder = await openFolder();
    const { report, file } = await recordSome(folder.path);
    const { size } = await stat(file);
    const end = (await readFile(file, 'utf8')).trimEnd().split('\n').at(-1) ?? '';
    // In the middle of the last event.
    await truncate(file, size - end.length - 1 - 20);

    const judged = await judge(folder.path);
    expect(judged.report).toEqual(report);
    expect(judged.notes[0]).toBe('The last line is cut short: the server was killed as it wrote it, or still writes.');
    expect((await judge(folder.path, 'end')).report).toMatchObject({ events: 7, missed: 0 });
  });

  test('a recording that ends with a verdict is judged up to its last event', async () => {
    await using folder = await openFolder();
    const { lane, recording } = await record(folder.path);
    fill(lane, 5);
    await recording.close();
    const file = folder.at('recording/main/events-000001.ndjson');
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n').slice(0, -1);
    const judged = { record: 'judged', seq: 3, at: lane.journal.moment.at, resets: 'reset' };
    await writeFile(file, `${[...lines, JSON.stringify(judged)].join('\n')}\n`);

    expect((await judge(folder.path)).report).toMatchObject({ events: 3 });
    expect((await judge(folder.path, 'end')).report).toMatchObject({ events: 6, missed: 0 });
  });

  test('a last file without a whole line is skipped', async () => {
    await using folder = await openFolder();
    const { report } = await recordSome(folder.path);
    const [header] = (await readFile(folder.at('recording/main/events-000001.ndjson'), 'utf8')).split('\n');
    for (const text of ['{"record":"head', '', `${header}\n{"type`]) {
      await folder.write('recording/main/events-000002.ndjson', text);
      expect((await judge(folder.path, 'end')).report).toMatchObject({ events: 8, missed: 0 });
    }
    await folder.write('recording/main/events-000002.ndjson', '{"record":"head');
    expect((await judge(folder.path)).report).toEqual(report);
  });

  test('a recording without a verdict is judged up to the end', async () => {
    await using folder = await openFolder();
    const { lane, recording } = await record(folder.path);
    fill(lane, 3);
    await recording.close();
    const { report, notes } = await judge(folder.path);
    expect(report).toMatchObject({ events: 4, seed: 7 });
    expect(notes).toEqual(['The server gave no verdict: all that it recorded is judged.']);
  });

  test('what stops before its end passes nothing, unless it is judged as at a verdict', async () => {
    await using folder = await openFolder();
    const lane = openLane('main', '{ clock: { mode: manual }, expect: [ alpn-offered ] }');
    const recording = await Recording.start(lane, { folder: folder.at('recording') });
    lane.journal.append({ type: 'connection.opened', connection: 1, remote: '127.0.0.1:40001' });
    lane.journal.append({ type: 'connection.hello', connection: 1, alpn: ['h2'], ja4: 't13d1_a_b', print: '' });
    lane.journal.append({ type: 'connection.secured', connection: 1, protocol: 'h2', tls: 'TLSv1.3', cipher: 'x' });
    const { report } = lane.verdict();
    expect(report.outcome).toBe('pass');
    await recording.close();
    const file = folder.at('recording/main/events-000001.ndjson');
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');

    await writeFile(file, `${lines.slice(0, -1).join('\n')}\n`);
    expect((await judge(folder.path)).report).toEqual(report);
    const doubted = {
      outcome: 'inconclusive',
      checks: [{ outcome: 'inconclusive', doubt: expect.stringContaining('stops before its end') }],
    };
    expect((await judge(folder.path, 'end')).report).toMatchObject(doubted);
    await writeFile(file, `${lines.slice(0, -2).join('\n')}\n`);
    expect((await judge(folder.path)).report).toMatchObject(doubted);
  });

  test('damaged lines are skipped, and their events are missing', async () => {
    await using folder = await openFolder();
    const { file } = await recordSome(folder.path);
    const lines = (await readFile(file, 'utf8')).split('\n');
    lines[3] = lines[3]?.replace('{', '[') ?? '';
    await writeFile(file, lines.join('\n'));

    const { report, notes } = await judge(folder.path);

    expect(report).toMatchObject({ outcome: 'inconclusive', missed: 1 });
    expect(report.checks[0]?.doubt).toMatch(/^the recording does not hold event 3 \(/);
    expect(notes).toContain('Lines that cannot be read: 1.');
  });

  test('what failed for sure has failed, although events are missing', async () => {
    await using folder = await openFolder();
    const lane = openLane('main', '{ clock: { mode: manual }, expect: [ alpn-offered ] }');
    const recording = await Recording.start(lane, { folder: folder.at('recording') });
    const connection = 1;
    const remote = '127.0.0.1:40001';
    lane.journal.append({ type: 'connection.opened', connection, remote });
    lane.journal.append({ type: 'connection.hello', connection, alpn: null, ja4: 't13d1_a_b', print: '' });
    const ended = { by: 'rule', how: 'reset', cause: 'alpn', idleMs: 0, ageMs: 1, requests: [] } as const;
    lane.journal.append({ type: 'rule.applied', rule: 'alpn', connection, did: 'reset', line: 'x' });
    lane.journal.append({ type: 'connection.ended', connection, remote, ...ended });
    fill(lane, 2);
    expect(lane.verdict().outcome).toBe('fail');
    await recording.close();
    const file = folder.at('recording/main/events-000001.ndjson');
    const lines = (await readFile(file, 'utf8')).split('\n');
    await writeFile(file, lines.toSpliced(-5, 1).join('\n'));

    const { report } = await judge(folder.path);

    expect(report).toMatchObject({ outcome: 'fail', missed: 1 });
    expect(report.checks).toMatchObject([{ outcome: 'fail', doubt: expect.stringContaining('does not hold event 6') }]);
  });

  test.each([
    ['a foreign file', 'hello\n', 'its first line is not the header of a recording', '--record'],
    ['foreign JSON', '{"log":{"version":"1.2"}}\n', 'its first line is not the header of a recording', '--record'],
    [
      'a newer format',
      '{"record":"header","format":"seedance-mock recording","version":2,"server":"9.1.0"}\n',
      'it has format 2, of seedance-mock 9.1.0, and this version reads format 1',
      'Judge it with seedance-mock 9.1.0.',
    ],
    [
      'a damaged header',
      '{"record":"header","format":"seedance-mock recording","version":1,"server":"0.1.0"}\n',
      'its header is damaged',
      '--record',
    ],
    ['an empty file', '', 'no line in it is whole', '--record'],
  ])('%s is refused', async (_, text, reason, hint) => {
    await using folder = await openFolder();
    await mkdir(folder.at('recording/main'), { recursive: true });
    await folder.write('recording/main/events-000001.ndjson', text);
    await expect(judge(folder.path)).rejects.toMatchObject({
      problems: [
        {
          code: 'RECORDING_UNREADABLE',
          message: expect.stringContaining(reason),
          hint: expect.stringContaining(hint),
        },
      ],
    });
  });

  test('events or checks of another version are refused', async () => {
    await using folder = await openFolder();
    const { file } = await recordSome(folder.path);
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('"expect":["no-duplicate', '"expect":["no-such'));
    await expect(judge(folder.path)).rejects.toMatchObject({ problems: [{ code: 'RECORDING_UNREADABLE' }] });
    await writeFile(file, text.split('\n').slice(0, 3).join('\n'));
    await appendFile(file, '\n{"type":"connection.ended","connection":1,"seq":3,"at":1}\n');
    await expect(judge(folder.path)).rejects.toMatchObject({ problems: [{ code: 'RECORDING_UNREADABLE' }] });
  });

  test('a folder without a recording, or without that lane, is refused', async () => {
    await using folder = await openFolder();
    await expect(judge(folder.path)).rejects.toMatchObject({
      problems: [{ message: expect.stringContaining('ENOENT') }],
    });
    await recordSome(folder.path);
    await expect(judge(folder.path, 'end', 'lane-7')).rejects.toMatchObject({
      problems: [{ hint: 'Name one of its lanes with --lane: main.' }],
    });
  });
});

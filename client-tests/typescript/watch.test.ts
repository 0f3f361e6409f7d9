import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { openClient } from './support/client.ts';
import { callMock, openFolder, openServe } from './support/command-line.ts';
import { TASKS, textOnly } from './support/tasks.ts';

const BUSY = 'name: busy\nfaults: [{ on: request, match: { path: /api/v3/* }, inject: [ status: { code: 503 } ] }]\n';
const CALM = 'name: calm\n';

test('a file that changes takes force at once, and keeps connections and tasks', async () => {
  await using folder = await openFolder();
  const file = await folder.write('mine.yaml', CALM);
  await using serving = await openServe([file, '--watch']);
  await serving.hearOf('scenario.loaded');
  await using client = await openClient(serving);
  const { id } = JSON.parse((await client.post(TASKS, textOnly)).text);

  await writeFile(file, BUSY);
  expect(await serving.hearOf('scenario.loaded')).toMatchObject({ name: 'busy', faults: 1 });
  expect((await client.get(`${TASKS}/${id}`)).status).toBe(503);

  // As editors do that write beside the file, and then put it in its place.
  await writeFile(folder.at('mine.yaml.new'), CALM);
  await rename(folder.at('mine.yaml.new'), file);
  expect(await serving.hearOf('scenario.loaded')).toMatchObject({ name: 'calm' });
  expect((await client.get(`${TASKS}/${id}`)).status).toBe(200);

  // As editors do that move the file away first.
  await rename(file, folder.at('mine.yaml~'));
  await writeFile(file, BUSY);
  expect(await serving.hearOf('scenario.loaded')).toMatchObject({ name: 'busy' });
  expect((await client.get(`${TASKS}/${id}`)).status).toBe(503);
  serving.signal('SIGTERM');
  expect(await serving.ended).toMatchObject({ exitCode: 0, stderr: '' });
});

/** Turns a link elsewhere, so that at no time there is none. */
async function turn(link: string, target: string): Promise<void> {
  await symlink(target, `${link}.new`);
  await rename(`${link}.new`, link);
}

test('a link that is turned to another file takes that into force, and is followed from there on', async () => {
  await using folder = await openFolder();
  const link = folder.at('mine.yaml');
  await folder.write('calm.yaml', CALM);
  const busy = await folder.write('busy.yaml', BUSY);
  await turn(link, 'calm.yaml');
  await using serving = await openServe([link, '--watch']);
  expect(await serving.hearOf('scenario.loaded')).toMatchObject({ name: 'calm' });

  await turn(link, 'busy.yaml');
  expect(await serving.hearOf('scenario.loaded')).toMatchObject({ name: 'busy', faults: 1 });

  await writeFile(busy, 'name: busy no more\n');
  expect(await serving.hearOf('scenario.loaded')).toMatchObject({ name: 'busy no more' });

  // In a circle.
  await turn(link, 'mine.yaml');
  expect(await serving.hearOf('scenario.refused')).toMatchObject({
    from: link,
    problems: [{ code: 'FILE_UNREADABLE' }],
  });

  await turn(link, 'calm.yaml');
  expect(await serving.hearOf('scenario.loaded')).toMatchObject({ name: 'calm' });
});

test('a config map of Kubernetes, whose folder is swapped behind the file, takes force each time', async () => {
  await using folder = await openFolder();
  const publish = async (version: string, scenario: string) => {
    await mkdir(folder.at(version));
    await folder.write(`${version}/mine.yaml`, scenario);
    await turn(folder.at('..data'), version);
  };
  await publish('..1', CALM);
  await symlink('..data/mine.yaml', folder.at('mine.yaml'));
  await using serving = await openServe([folder.at('mine.yaml'), '--watch']);
  expect(await serving.hearOf('scenario.loaded')).toMatchObject({ name: 'calm' });

  await publish('..2', BUSY);
  expect(await serving.hearOf('scenario.loaded')).toMatchObject({ name: 'busy' });

  await rm(folder.at('..1'), { recursive: true });
  await publish('..3', CALM);
  expect(await serving.hearOf('scenario.loaded')).toMatchObject({ name: 'calm' });

  serving.signal('SIGTERM');
  expect(await serving.ended).toMatchObject({ exitCode: 0, stderr: '' });
});

test('a bad file is refused with every problem, and the old one stays until it is mended', async () => {
  await using folder = await openFolder();
  const file = await folder.write('mine.yaml', BUSY);
  await using serving = await openServe([file, '--watch']);
  await using client = await openClient(serving);

  await writeFile(file, 'nmae: bad\nseed: -1\n');
  expect(await serving.hearOf('scenario.refused')).toMatchObject({
    from: file,
    stays: 'busy',
    msg: `${file} refused for 2 problems, "busy" stays in force`,
    problems: [
      { code: 'UNKNOWN_KEY', at: { line: 1, column: 1 } },
      { code: 'INVALID_VALUE', at: { line: 2, column: 7 } },
    ],
  });
  expect((await client.get(TASKS)).status).toBe(503);

  await writeFile(file, CALM);
  expect(await serving.hearOf('scenario.loaded')).toMatchObject({ name: 'calm' });
  expect((await client.get(TASKS)).status).toBe(200);
  serving.signal('SIGTERM');
  const { stderr } = await serving.ended;
  expect(stderr).toContain(`${file}:1:1  UNKNOWN_KEY\nThere is no setting "nmae" here.`);
  expect(stderr).toContain(`${file}:2:7  INVALID_VALUE`);
});

test('what the command line says stays in force over what the file says', async () => {
  await using folder = await openFolder();
  const file = await folder.write('mine.yaml', 'name: one\nseed: 1\n');
  await using serving = await openServe([file, '--watch', '--seed', '7']);
  expect(await serving.hearOf('scenario.loaded')).toMatchObject({ name: 'one', seed: 7 });

  await writeFile(file, 'name: two\nseed: 2\n');

  expect(await serving.hearOf('scenario.loaded')).toMatchObject({ name: 'two', seed: 7 });
});

test('without a scenario there is nothing to watch', async () => {
  expect(await callMock('serve', '--watch', '--port', '0', '--admin-port', '0')).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: expect.stringContaining(
      'INVALID_OPTION\n--watch does not take "no scenario".\nName the scenario file to watch',
    ),
  });
});

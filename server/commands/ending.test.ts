import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Ending } from './ending.ts';
import { openServer } from './open-server.ts';
import { runProgram } from './program.ts';
import { captureOutput, makeHost } from './testing.ts';

/** A made-up process with its ending, and the code it exits with. */
function begin() {
  const output = captureOutput();
  const host = makeHost(output);
  const exits: number[] = [];
  void host.exited.then((code) => exits.push(code));
  return { host, output, exits, ending: new Ending(host) };
}

test('the first signal asks a command that serves to end, the second ends the process', async () => {
  const { host, ending, exits } = begin();
  const stopped = ending.serve();
  ending.exitCode = 3;
  const deeds: string[] = [];
  ending.atLast(() => deeds.push('done'));
  ending.atLast(() => deeds.push('called off'))();

  host.signal();
  await Promise.resolve();
  expect([stopped.aborted, deeds, exits]).toEqual([true, [], []]);

  host.signal();
  expect(await host.exited).toBe(3);
  expect(deeds).toEqual(['done']);
});

test('an error that nothing catches asks a command that serves to end, and is an internal error at its end', () => {
  const { host, output, ending, exits } = begin();
  const stopped = ending.serve();

  host.fail(new TypeError('oops'));
  host.fail(new TypeError('oops again'));

  expect([stopped.aborted, exits, output.err]).toEqual([true, [], '']);
  expect(ending.finish(0)).toBe(70);
  expect(output.err).toMatch(
    /^internal error: TypeError: oops\n {4}at .*\n1 more followed\.\n.*issue tracker\nof seedance-mock\.\n$/s,
  );
});

test('an error that nothing catches ends any other command at once', async () => {
  const { host, output } = begin();

  host.fail(new TypeError('oops'));

  expect(await host.exited).toBe(70);
  expect(output.err).toMatch(/^internal error: TypeError: oops\n/);
});

test('what a command throws, and is not a problem of the user, is an internal error', async () => {
  const { output, host } = begin();
  const full = {
    write() {
      throw new TypeError('oops');
    },
  };

  expect(await runProgram(['schema'], { ...host, stdout: full })).toBe(70);
  expect(output.err).toMatch(/^internal error: TypeError: oops\n {4}at /);
});

test('a bug in the journal of a server is an internal error, also when its event has been dropped', async () => {
  const { output, ending } = begin();
  {
    await using serving = await openServer({ journalCapacity: 2 }, ending);
    const { journal } = serving.server;
    journal.append({ type: 'bug', message: 'oops', stack: 'Error: oops\n    at somewhere' });
    for (const task of ['cgt-1', 'cgt-2', 'cgt-3']) journal.append({ type: 'task.deleted', task });
    expect(journal.events('bug')).toEqual([]);
  }
  expect(ending.finish(0)).toBe(70);
  expect(output.err).toMatch(/^internal error: Error: oops\n {4}at somewhere\n/);
});

test('a bug that a lane meets is printed at once, and once', async () => {
  const { output, ending } = begin();
  {
    await using serving = await openServer({}, ending);
    const { journal } = await serving.server.openLane();
    journal.append({ type: 'bug', message: 'oops' });
    expect(serving.server.journal.events('bug')).toMatchObject([{ message: 'oops' }]);
  }
  expect(ending.finish(0)).toBe(70);
  expect(output.err).toMatch(/^internal error: oops\n\n/);
});

test('the files of a server go when the process has to end before it is closed', async () => {
  const { host, ending } = begin();
  ending.serve();
  await using serving = await openServer({}, ending);
  const { caFile } = serving.server;
  expect(existsSync(caFile)).toBe(true);

  host.signal();
  host.signal();

  expect(await host.exited).toBe(0);
  expect(existsSync(caFile)).toBe(false);
});

test('a server in process listens to no signal, and to no error that nothing catches', async () => {
  const events = ['SIGINT', 'SIGTERM', 'uncaughtException', 'unhandledRejection'] as const;
  const count = () => events.map((event) => process.listenerCount(event));
  const before = count();

  await using serving = await openServer({}, begin().ending);

  expect(serving.server.url).toMatch(/^https:/);
  expect(count()).toEqual(before);
});

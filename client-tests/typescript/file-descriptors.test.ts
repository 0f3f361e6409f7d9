import { existsSync } from 'node:fs';
import net from 'node:net';
import { describe, expect, test } from 'vitest';
import { startProgram } from '../cli/run-client.ts';
import { callAdmin } from './support/admin.ts';
import { Changes } from './support/changes.ts';
import { commandLine, openServe, type Ready } from './support/command-line.ts';

const knowsLimit = existsSync('/proc/self/limits');
if (!knowsLimit) console.log('file descriptors are not limited: this system has no /proc/self/limits');

const LIMIT = 256;
/** 64 are reserved, and each listener takes one. */
const allowed = (listeners: number) => LIMIT - 64 - listeners;

/** `serve` in a process that has few file descriptors. */
const serveWithFew = () =>
  openServe([], (args) =>
    startProgram(['sh', '-c', `ulimit -n ${LIMIT}; exec "$@"`, 'sh', process.execPath, commandLine, ...args]),
  );

/** Connects so many clients at once; the server drops those that it has no descriptor for. */
function openCrowd(url: string, count: number) {
  const changes = new Changes();
  let ended = 0;
  const noteEnd = () => {
    ended++;
    changes.tell();
  };
  const port = Number(new URL(url).port);
  const sockets = Array.from({ length: count }, () =>
    net.connect({ port, host: '127.0.0.1' }).once('end', noteEnd).resume(),
  );
  return {
    /** Resolves once the server has dropped so many. */
    dropped: (wanted: number) => changes.until(() => ended >= wanted),
    ended: () => ended,
    leave() {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    [Symbol.dispose]() {
      this.leave();
    },
  };
}

/** How many connections the main lane has. */
async function openConnections({ adminUrl }: Ready): Promise<number> {
  const { body } = await callAdmin({ adminUrl }, 'GET /connections');
  return (body as { readonly connections: readonly unknown[] }).connections.length;
}

describe.runIf(knowsLimit)('with 256 file descriptors', () => {
  test('400 connections: 189 stay open, and one event says that the others are dropped', async () => {
    await using serving = await serveWithFew();
    const open = allowed(3);
    using crowd = openCrowd(serving.url, 400);
    expect(await serving.hearOf('listener.full')).toMatchObject({
      port: Number(new URL(serving.url).port),
      connections: open,
      descriptors: LIMIT,
      msg: expect.stringMatching(/^port \d+ drops connections: with 189 open, .*ulimit -n/),
    });
    await crowd.dropped(400 - open);

    // The admin API still answers, and no connection beyond the limit was opened or dropped without a record.
    expect(await openConnections(serving.ready)).toBe(open);
    expect(crowd.ended()).toBe(400 - open);

    crowd.leave();
    expect(await serving.hearOf('listener.relieved')).toMatchObject({
      dropped: 400 - open,
      msg: expect.stringMatching(/^port \d+ has dropped 211 connections, and has file descriptors again$/),
    });
    const { body: full } = await callAdmin(serving.ready, 'GET /events?type=listener.full');
    expect(full).toMatchObject({ events: { length: 1 } });
    const metrics = await (await fetch(`${serving.ready.adminUrl}/metrics`)).text();
    expect(metrics).toContain('seedance_mock_listener_full_total 1');
  });

  test('the port of a lane shares them; the journal of the lane says so, and that of the main lane', async () => {
    await using serving = await serveWithFew();
    const { url } = (await callAdmin(serving.ready, 'POST /lanes', '{"id":"one"}')).body as { readonly url: string };
    using _ = openCrowd(serving.url, 100);
    while ((await openConnections(serving.ready)) < 100);
    using crowd = openCrowd(url, 100);
    const port = Number(new URL(url).port);
    const full = { type: 'listener.full', port, connections: allowed(4) };
    expect(await serving.hearOf('listener.full')).toMatchObject(full);
    await crowd.dropped(200 - allowed(4));

    const { body } = await callAdmin(serving.ready, 'GET /lanes/one/events?type=listener.full');
    expect(body).toMatchObject({ events: [full] });
  });
});

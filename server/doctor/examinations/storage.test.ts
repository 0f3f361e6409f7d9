import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { startMockServer } from '../../index.ts';
import { lookAtAdmin } from '../admin-view.ts';
import { subjectFor } from '../testing.ts';
import { storage } from './storage.ts';

const signal = AbortSignal.timeout(10_000);
const lane = { serverName: 'one.localhost', did: async () => true, close: async () => {} };
const admin = { url: 'http://localhost:8480', named: true };

test('storage: the port that the admin API names is tried', async () => {
  await using server = await startMockServer();
  const view = await lookAtAdmin({ url: server.adminUrl, named: true }, signal);

  const found = await storage.examine(subjectFor({ kind: 'target', ca: server.ca, admin: view }), signal);

  const { host } = new URL(server.storageUrl ?? '');
  expect(found).toEqual({ outcome: 'ok', seen: `${host} takes TLS connections` });
  await view.lane?.close();
});

test('storage: a port that is not published is a warning, and the way out is named', async () => {
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, resolve));
  const { port: storagePort } = closed.address() as { readonly port: number };
  await new Promise((resolve) => closed.close(resolve));

  const subject = subjectFor({ kind: 'target', admin: { ...admin, lane: { ...lane, storagePort } } });

  expect(await storage.examine(subject, signal)).toEqual({
    outcome: 'warn',
    seen: expect.stringContaining(`localhost:${storagePort} takes no TLS connection`),
    remedy: expect.stringContaining('--public-url'),
  });
});

test('storage: behind an upstream there is none, and without a lane it is not known', async () => {
  expect(await storage.examine(subjectFor({ kind: 'target', admin: { ...admin, lane } }), signal)).toEqual({
    outcome: 'ok',
    seen: 'the results are those of the upstream',
  });
  expect(await storage.examine(subjectFor({ kind: 'target', admin }), signal)).toMatchObject({ outcome: 'warn' });
});

import { createServer } from 'node:net';
import { platform } from 'node:os';
import { expect, test } from 'vitest';
import { listenOn } from '../../listen.ts';
import { examinePorts } from './ports.ts';

test('a port that is taken is told with its holder, and is free again afterwards', async () => {
  const holder = createServer();
  const port = await listenOn(holder, '127.0.0.1', 0);

  const { outcome, seen, remedy } = await examinePorts([port]);

  expect(outcome).toBe('warn');
  expect(seen).toContain(`${port} is taken by `);
  if (platform() === 'linux') expect(seen).toContain(`process ${process.pid} (`);
  expect(remedy).toContain('--port 0');
  await new Promise((resolve) => holder.close(resolve));
  expect(await examinePorts([port])).toEqual({ outcome: 'ok', seen: `nobody listens on ${port}` });
});

test('an address that is not there is told as it is', async () => {
  expect((await examinePorts([65_536])).outcome).toBe('warn');
});

import { createServer } from 'node:net';
import { platform } from 'node:os';
import { expect, test } from 'vitest';
import { listenOn } from '../listen.ts';
import { findListener, listeningInodes, listProcesses } from './processes.ts';

test('a table of sockets tells who listens, and not who is connected', () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:20FB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000000000000000 100 0 0 10 0
   1: 0100007F:20FB 0100007F:D2A0 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0000000000000000 20 4 30 10 -1
   2: 00000000000000000000000001000000:20FB 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 1000 0 4713 1 0
`;
  expect(listeningInodes(table, 8443)).toEqual(['4711', '4713']);
  expect(listeningInodes(table, 80)).toEqual([]);
  expect(listeningInodes('', 8443)).toEqual([]);
});

test.runIf(platform() === 'linux')('/proc tells which process listens, and who started it', async () => {
  const server = createServer();
  const port = await listenOn(server, '127.0.0.1', 0);
  expect(await findListener(port)).toMatchObject({ pid: process.pid, parent: process.ppid });
  await new Promise((resolve) => server.close(resolve));
  expect(await findListener(port)).toBeUndefined();
  expect((await listProcesses()).find(({ pid }) => pid === process.pid)?.command.length).toBeGreaterThan(0);
});

import type { StartOptions } from '../../../server/index.ts';
import type { Kind } from '../scene.ts';
import { all, endByAdmin, openUsed, planned } from './deeds.ts';

/** What may stand between the socket and HTTP/2: something that looks at frames, or at bytes. */
const lines: Readonly<Record<string, StartOptions>> = {
  'with frames in reach': { scenario: planned('session', 'ping-silence') },
  'on a line in slices': { scenario: planned('accept', { slice: { bytes: 1_000 } }) },
};

/** Ends of connections whose bytes take another way. */
export const onLines: readonly Kind[] = Object.entries(lines).flatMap(([line, start]): Kind[] => [
  {
    title: `GOAWAY and FIN, ${line}`,
    ends: 'client/goaway',
    times: 3,
    start,
    drive: async (scene) => all(await openUsed(scene), (client) => client.close()),
  },
  {
    title: `FIN below TLS, ${line}`,
    ends: 'client/fin',
    times: 3,
    start,
    drive: async (scene) => all(await openUsed(scene), (client) => client.finish()),
  },
  {
    title: `RST, ${line}`,
    ends: 'client/reset',
    times: 3,
    start,
    drive: async (scene) => all(await openUsed(scene), (client) => client.reset()),
  },
  ...(['reset', 'fin', 'goaway'] as const).map(
    (how): Kind => ({
      title: `an admin ends it by ${how}, ${line}`,
      ends: `admin/${how}`,
      times: 3,
      start,
      async drive(scene) {
        await openUsed(scene);
        await endByAdmin(scene, how);
      },
    }),
  ),
]);

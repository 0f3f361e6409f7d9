import { describeSdk } from '../cli/official-sdk.ts';
import { buildGoClient } from './go.ts';

const program = await buildGoClient('sdk');

describeSdk({
  isHere: program !== undefined,
  name: 'the official Go SDK',
  command: async (_server, ...words) => [program ?? '', ...words],
  exception: 'APIError',
  tellsMessage: true,
  requestId: /^\d{14}[0-9a-f]{20}$/i,
  // The download has another host in its URL than the API, and net/http keeps one pool for all clients.
  connections: 2,
  emptyAnswer: 'creates again',
});

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
  // The SDK gives http.DefaultClient a Transport of its own, so the download has another pool than the API.
  connections: 2,
  emptyAnswer: 'creates again',
});

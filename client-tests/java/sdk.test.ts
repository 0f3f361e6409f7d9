import { describeSdk } from '../cli/official-sdk.ts';
import { buildJavaClients, java } from './java.ts';

const classpath = await buildJavaClients('sdk');

describeSdk({
  isHere: classpath !== undefined,
  name: 'the official Java SDK',
  command: (server, ...words) => java(server, classpath ?? '', 'Sdk', ...words),
  exception: 'ArkHttpException',
  tellsMessage: true,
  requestId: /^\d{14}[0-9a-zA-Z]{20}$/,
  // Each ArkService has a pool of its own, and so has the client that downloads.
  connections: 3,
  emptyAnswer: 'fails',
});

import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import type { MockServer } from '../../../server/index.ts';

/** Something that listens on a port of loopback. */
export interface Listening extends AsyncDisposable {
  readonly address: string;
}

/** Listens on a free port. */
export async function listen(server: Server): Promise<Listening> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `localhost:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Forwards as docker-proxy does: whatever ends the one side, the other sees a FIN. */
export const openForwarder = ({ url }: MockServer) =>
  listen(
    createServer((caller) => {
      const callee = connect(Number(new URL(url).port), '127.0.0.1');
      for (const [from, to] of [
        [caller, callee],
        [callee, caller],
      ] as const) {
        from.on('data', (bytes) => to.write(bytes));
        from.on('error', () => {}).on('close', () => to.end());
      }
    }),
  );

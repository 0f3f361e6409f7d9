import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
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
export const openForwarder = (server: Pick<MockServer, 'url'>) =>
  forward(server, (caller, callee) => caller.pipe(callee));

/** Forwards, and splits the client's first TLS record into records of so many bytes, one per write. */
export const openSplitter = (server: Pick<MockServer, 'url'>, recordBytes: number) =>
  forward(server, (caller, callee) => {
    callee.setNoDelay(true);
    let first = Buffer.alloc(0);
    const takeFirst = (bytes: Buffer) => {
      first = Buffer.concat([first, bytes]);
      const end = first.length < 5 ? Infinity : 5 + first.readUInt16BE(3);
      if (first.length < end) return;
      for (let at = 5; at < end; at += recordBytes) {
        const content = first.subarray(at, Math.min(at + recordBytes, end));
        callee.write(
          Buffer.concat([first.subarray(0, 3), Buffer.from([content.length >> 8, content.length]), content]),
        );
      }
      callee.write(first.subarray(end));
      caller.off('data', takeFirst).pipe(callee);
    };
    caller.on('data', takeFirst);
  });

function forward({ url }: Pick<MockServer, 'url'>, send: (caller: Socket, callee: Socket) => void) {
  return listen(
    createServer((caller) => {
      const callee = connect(Number(new URL(url).port), '127.0.0.1');
      send(caller, callee);
      callee.pipe(caller);
      caller.on('error', () => {}).on('close', () => callee.end());
      callee.on('error', () => {}).on('close', () => caller.end());
    }),
  );
}

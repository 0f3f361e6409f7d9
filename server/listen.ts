import { type AddressInfo, isIPv4, type Server } from 'node:net';
import { problem, reasonOf, UsageError } from './errors.ts';

/** How many connections the kernel keeps until they are accepted. It drops the SYN of one more, whose
 * client tries again a second later. Node's default is 511, too few for clients that start together.
 * Linux takes the lower of this and `net.core.somaxconn`, whose default is 4,096 too. */
export const BACKLOG = 4_096;

/** Binds a server.
 * @returns the port, which matters when `port` was 0
 * @throws UsageError PORT_IN_USE, CANNOT_LISTEN */
export function listenOn(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException) =>
      reject(
        new UsageError([
          error.code === 'EADDRINUSE'
            ? problem('PORT_IN_USE', { host, port })
            : problem('CANNOT_LISTEN', { host, port, reason: reasonOf(error) }),
        ]),
      );
    server.once('error', refuse);
    server.listen({ host, port, backlog: BACKLOG }, () => {
      server.off('error', refuse);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Whether an address or a name is this machine's own, which nobody else reaches (RFC 6761, section 6.3; RFC 5735, section 3). */
export const isLoopback = (host: string): boolean =>
  /^(?:[a-z0-9-]+\.)*localhost$/i.test(host) || host === '::1' || (isIPv4(host) && host.startsWith('127.'));

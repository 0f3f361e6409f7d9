import { type AddressInfo, BlockList, isIPv6, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';

/** What a server has a port for. */
export type OwnPort = 'service' | 'storage' | 'admin API' | 'DNS responder';

/** The TCP ports on which a server and its lanes listen. What the mock calls at a client's word must
 * not reach them, or a client could call the admin API through the mock. Each server has its own set:
 * another mock may be called, in this process as well as in another one. */
export class OwnPorts {
  readonly #ports = new Map<Server, { readonly port: number; readonly of: OwnPort }>();

  /** Knows the port of a server whenever it listens. To be called before it does. */
  follow(server: Server, of: OwnPort): void {
    server.on('listening', () => this.#ports.set(server, { port: (server.address() as AddressInfo).port, of }));
    server.on('close', () => this.#ports.delete(server));
  }

  /** What of this server a connection to an address and a port may reach; in general nothing. */
  reachedAt(address: string, port: number): readonly OwnPort[] {
    const found = [...this.#ports.values()].filter((one) => one.port === port);
    return found.length > 0 && isOfThisMachine(address) ? found.map(({ of }) => of) : [];
  }
}

/** Whether a connection to an address stays on this machine: loopback, an interface's address, or
 * the unspecified address, which leads to loopback. `BlockList` reads an IPv4-mapped IPv6 address
 * as the IPv4 address in it. */
export function isOfThisMachine(address: string): boolean {
  const own = new BlockList();
  own.addSubnet('127.0.0.0', 8, 'ipv4');
  for (const one of ['0.0.0.0', '::', '::1', ...interfaceAddresses()]) own.addAddress(one, familyOf(one));
  const plain = withoutZone(address);
  return own.check(plain, familyOf(plain));
}

const interfaceAddresses = (): readonly string[] =>
  Object.values(networkInterfaces()).flatMap((all = []) => all.map(({ address }) => withoutZone(address)));

/** A link-local address may name its interface: `fe80::1%eth0`. */
const withoutZone = (address: string): string => address.split('%')[0] ?? '';

const familyOf = (address: string) => (isIPv6(address) ? 'ipv6' : 'ipv4');

/** The port of an http(s) URL. */
export const portOf = ({ port, protocol }: URL): number => Number(port || (protocol === 'http:' ? 80 : 443));

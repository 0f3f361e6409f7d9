import { readFileSync } from 'node:fs';
import { BlockList, isIPv4 } from 'node:net';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';

/** An address of this machine. */
export interface OwnAddress {
  readonly address: string;
  /** The network that it is on. Absent where there is only one address. */
  readonly network?: BlockList;
}

/** The addresses a client can reach this machine by when we listen on `host`: what the certificate has to hold for besides names. */
export function ownAddresses(host: string): readonly string[] {
  if (!isWildcard(host)) return [host];
  return [...interfaceAddresses().map(({ address }) => address), ...defaultGateways()];
}

/** The addresses at which a server that listens on `host` takes connections. `::` is dual-stack, as
 * Node sets it; `0.0.0.0` is IPv4 only. */
export function listeningAddresses(host: string): readonly OwnAddress[] {
  if (!isWildcard(host)) return [{ address: host }];
  return interfaceAddresses()
    .filter(({ address }) => host === '::' || isIPv4(address))
    .map(({ address, cidr }) => ({ address, network: networkOf(cidr) }));
}

const isWildcard = (host: string) => host === '0.0.0.0' || host === '::';

/** @param cidr such as `10.0.0.5/24`; null where the netmask is invalid */
function networkOf(cidr: string | null): BlockList {
  const network = new BlockList();
  const [base = '', bits] = cidr?.split('/') ?? [];
  if (cidr !== null) network.addSubnet(base, Number(bits), isIPv4(base) ? 'ipv4' : 'ipv6');
  return network;
}

const interfaceAddresses = (): readonly NetworkInterfaceInfo[] =>
  Object.values(networkInterfaces())
    .flat()
    .filter((address) => address !== undefined)
    .filter(({ scopeid }) => !scopeid);

/** Of a container, the address at which its neighbours find its published ports: that of the host on their common network. */
function defaultGateways(): readonly string[] {
  try {
    return readGateways(readFileSync('/proc/net/route', 'utf8'));
  } catch {
    // Not Linux, or not for us to read: then nobody comes by this way.
    return [];
  }
}

const ANYWHERE = '00000000';

/** The gateways of the default routes (proc_net_route(5)).
 * @param table `/proc/net/route`, where addresses are hexadecimal in the byte order of the machine, little-endian on all that Node runs on */
export function readGateways(table: string): readonly string[] {
  return table
    .split('\n')
    .map((line) => line.split('\t'))
    .flatMap(([, destination, gateway = '']) =>
      destination === ANYWHERE && gateway !== ANYWHERE ? [[...Buffer.from(gateway, 'hex')].toReversed().join('.')] : [],
    );
}

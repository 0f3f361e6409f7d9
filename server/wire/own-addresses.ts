import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';

/** The addresses a client can reach this machine by when we listen on `host`: what the certificate has to hold for besides names. */
export function ownAddresses(host: string): readonly string[] {
  if (host !== '0.0.0.0' && host !== '::') return [host];
  const interfaces = Object.values(networkInterfaces())
    .flat()
    .filter((address) => address !== undefined)
    .filter(({ scopeid }) => !scopeid)
    .map(({ address }) => address);
  return [...interfaces, ...defaultGateways()];
}

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

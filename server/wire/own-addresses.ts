import { networkInterfaces } from 'node:os';

/** The addresses a client can reach this machine by when we listen on `host`: what the certificate has to hold for besides names. */
export function ownAddresses(host: string): readonly string[] {
  if (host !== '0.0.0.0' && host !== '::') return [host];
  return Object.values(networkInterfaces())
    .flat()
    .filter((address) => address !== undefined)
    .filter(({ scopeid }) => !scopeid)
    .map(({ address }) => address);
}

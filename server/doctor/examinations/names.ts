import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { reasonOf } from '../../errors.ts';
import { type Examination, type Finding, fail, ok, warn } from '../examination.ts';

/** Any name will do that nobody has in a hosts file. */
const LANE_NAME = 'seedance-mock-doctor.localhost';

/** How names are resolved, as nearly all programs do it: by getaddrinfo(3). */
export const names: Examination = {
  name: 'names',
  summary: 'The host has addresses, and names of lanes (*.localhost) lead to this machine.',
  async examine({ host }) {
    if (isIP(host)) return ok(`${host} is an address`);
    const [addresses, lane] = await Promise.all([lookUp(host), lookUp(LANE_NAME)]);
    return judgeNames({ host, addresses, lane });
  },
};

/** All addresses of a name, or why there are none. */
export type LookedUp = readonly string[] | { readonly trouble: string };

interface Seen {
  readonly host: string;
  readonly addresses: LookedUp;
  /** What a name of a lane leads to. */
  readonly lane: LookedUp;
}

/** Judges what the names lead to. A remote host has no lanes by name: `*.localhost` is always this machine (RFC 6761, 6.3). */
export function judgeNames({ host, addresses, lane }: Seen): Finding {
  if ('trouble' in addresses) {
    return fail(
      `${host} is not to be found: ${addresses.trouble}`,
      'Check the name, /etc/hosts and the resolver; from within a container the host is host.docker.internal or its gateway.',
    );
  }
  const seen = `${host} is ${addresses.join(' and ')}`;
  if (!addresses.every(isLoopback)) return ok(seen);
  if (host === 'localhost' && !addresses.includes('127.0.0.1')) {
    return warn(`${seen}, and not 127.0.0.1, where the mock listens`, 'Serve with `--host ::1`, or mend /etc/hosts.');
  }
  if ('trouble' in lane) {
    return warn(
      `${seen}; *.localhost is not to be found (${lane.trouble})`,
      "Lanes are reached by their own ports and keys; for their names, put them into /etc/hosts, or install systemd's nss-myhostname.",
    );
  }
  return lane.every(isLoopback)
    ? ok(`${seen}; *.localhost is ${lane.join(' and ')}`)
    : warn(`${seen}; *.localhost is ${lane.join(' and ')}`, 'Mend the resolver: these names belong to this machine.');
}

const isLoopback = (address: string) => address.startsWith('127.') || address === '::1';

async function lookUp(name: string): Promise<LookedUp> {
  try {
    return (await lookup(name, { all: true })).map(({ address }) => address);
  } catch (error) {
    return { trouble: error instanceof Error && 'code' in error ? String(error.code) : reasonOf(error) };
  }
}

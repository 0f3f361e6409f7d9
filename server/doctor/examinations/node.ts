import { whyNoOpenSsl } from '../../openssl.ts';
import { type Examination, type Finding, fail, ok, warn } from '../examination.ts';
import { neededNode } from '../needed-node.ts';

/** The Node that runs the mock. */
export const node: Examination = {
  name: 'node',
  summary: 'Node is new enough, and OpenSSL inside it within reach of the faults that need it.',
  examine: () =>
    judgeNode({
      version: process.versions.node,
      needed: neededNode(),
      openSsl: process.versions.openssl,
      outOfReach: whyNoOpenSsl(),
    }),
};

interface Seen {
  readonly version: string;
  /** The least version that the package asks for. */
  readonly needed: string;
  readonly openSsl: string;
  /** Why nobody can reach into OpenSSL; nothing where it can be done. */
  readonly outOfReach: string | undefined;
}

/** Judges the version, and what depends on `koffi`. */
export function judgeNode({ version, needed, openSsl, outOfReach }: Seen): Finding {
  const seen = `Node ${version} with OpenSSL ${openSsl}`;
  if (isOlder(version, needed)) return fail(`${seen}, ${needed} is needed`, `Install Node ${needed} or newer.`);
  if (outOfReach !== undefined) {
    return warn(
      `${seen}, without koffi: no early-data, alpn-select and no-tickets (${outOfReach})`,
      'Install the optional package with `npm install koffi`.',
    );
  }
  return ok(`${seen}, with koffi: early-data, alpn-select and no-tickets can be injected`);
}

function isOlder(version: string, needed: string): boolean {
  const [numbers, least] = [version, needed].map((text) => text.split('.').map(Number));
  const different = least?.findIndex((number, index) => number !== (numbers?.[index] ?? 0)) ?? -1;
  return different >= 0 && (numbers?.[different] ?? 0) < (least?.[different] ?? 0);
}

import { z } from 'zod';
import { defineCheck, fail, inconclusive, many, pass } from '../check.ts';

/** RFC 9525: a client that sends a request to a server that it has not identified gives its key to any. */
export const certificatesRefused = defineCheck({
  name: 'certificates-refused',
  summary: 'Refuses a certificate that is not good, and sends no request.',
  definition: `Looks at each connection on which a fault showed a certificate that a client must refuse: expired, for another host, or not signed by a CA that it
knows. A request on it is *sent a request*. Inconclusive where no such connection was opened, or none has ended yet.`,
  params: z.strictObject({}),
  expects: () => 'no request on a connection with a bad certificate',
  client: {
    watch: (tally) => ({
      request({ connection, received }) {
        const { badCertificate: shown } = connection;
        if (shown) tally.note('trusted', [shown.seq, received.seq], 0, shown.certificate);
      },
      ended({ badCertificate: shown, requests, ended }) {
        if (shown && requests === 0 && ended) tally.note('refused', [shown.seq, ended.seq]);
      },
    }),
    judge(tally) {
      const [trusted, refused] = [tally.of('trusted'), tally.of('refused')];
      const figures = { refused: refused.count, trusted: trusted.count };
      const [first] = trusted.first;
      if (first)
        return fail(`sent ${many(trusted.count, 'request')} in spite of a certificate that is ${wordFor(first.what)}`, {
          finding: 'sent a request',
          hint: 'Leave the verification of certificates on, and give the client the CA that it has to trust.',
          ...tally.proofs('trusted'),
          figures,
        });
      if (refused.count === 0) return inconclusive('it was shown no bad certificate');
      return pass(`refused ${many(refused.count, 'bad certificate')}`, { ...tally.proofs('refused'), figures });
    },
  },
});

const wordFor = (kind: string): string =>
  ({ 'wrong-host': 'for another host', 'unknown-ca': 'signed by an unknown CA' })[kind] ?? kind.replaceAll('-', ' ');

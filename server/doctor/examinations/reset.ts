import type { Asked } from '../admin-view.ts';
import { type SeenEnd, seeEnd } from '../approach.ts';
import { type Examination, type Finding, fail, ok, unknown, warn } from '../examination.ts';

/** The ways past what makes a FIN of a reset. */
export const KEEP_RESETS =
  'Use the host network (`docker run --network host`), run the client in a container on the same network, or start the Docker daemon with "userland-proxy": false.';

/** The first question: a mock that resets, seen through something that does not, is another mock. */
export const reset: Examination = {
  name: 'reset',
  summary: 'A TCP reset arrives as a reset, and a FIN as a FIN.',
  async examine({ door, admin: { lane } }, signal) {
    const see = async (asked: Asked): Promise<Ending> => {
      const seen = await seeEnd(door, asked, signal);
      // Told before the deed: what the journal does not know by now did not happen there.
      return { seen, sent: (await lane?.did(asked, signal)) ?? false };
    };
    const asReset = await see('reset');
    // Only a lane of our own ends a connection with a FIN because we ask for it.
    return judgeResets(asReset, asReset.sent ? await see('fin') : undefined);
  },
};

/** How a connection ended here that was to be reset, or to be ended by FIN. */
export interface Ending {
  readonly seen: SeenEnd;
  /** Whether the server says that it did as it was asked to; it may have nobody to say so. */
  readonly sent: boolean;
}

/** Judges what became of a reset on its way, with a FIN for contrast where there is one. */
export function judgeResets(asReset: Ending, asFin?: Ending): Finding {
  const { seen, sent } = asReset;
  if (typeof seen === 'object') return unknown(`no connection: ${seen.unreachable}`);
  switch (seen) {
    case 'reset':
      return judgeContrast(asFin);
    case 'fin':
      return sent
        ? fail('a reset arrives as a FIN: the server sent the one, and the other came', KEEP_RESETS)
        : warn(
            'a FIN came where a seedance-mock resets; what the server sent is not known',
            `Name its admin API with --admin to be sure. ${KEEP_RESETS}`,
          );
    case 'alert':
    case 'let in':
      return unknown(
        `the server ${seen === 'alert' ? 'answers with a TLS alert' : 'lets everybody in'}, and resets nothing of its own accord`,
        'Name its admin API with --admin (and --admin-token): then it is asked for a reset.',
      );
  }
}

function judgeContrast(asFin: Ending | undefined): Finding {
  if (!asFin?.sent) return ok('a reset arrives as a reset');
  if (asFin.seen === 'fin') return ok('a reset arrives as a reset, and a FIN as a FIN');
  const seen = typeof asFin.seen === 'object' ? asFin.seen.unreachable : asFin.seen;
  return warn(
    `a reset arrives as a reset, but a FIN as "${seen}"`,
    'Something in between ends connections in its own way: call the server directly.',
  );
}

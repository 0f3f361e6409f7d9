import { expect, test } from 'vitest';
import { type Ending, judgeResets } from './reset.ts';

const sent = (seen: Ending['seen']): Ending => ({ seen, sent: true });
const unsure = (seen: Ending['seen']): Ending => ({ seen, sent: false });

test.each<[string, Ending, Ending | undefined, string, RegExp]>([
  [
    'a reset as a reset, a FIN as a FIN',
    sent('reset'),
    sent('fin'),
    'ok',
    /^a reset arrives as a reset, and a FIN as a FIN$/,
  ],
  ['a reset, and nobody to say more', unsure('reset'), undefined, 'ok', /^a reset arrives as a reset$/],
  ['a reset that came as a FIN', sent('fin'), sent('fin'), 'fail', /a reset arrives as a FIN/],
  ['a FIN, and nobody to say what was sent', unsure('fin'), undefined, 'warn', /not known/],
  ['a FIN that came as a reset', sent('reset'), sent('reset'), 'warn', /but a FIN as "reset"/],
  ['a server that answers', unsure('alert'), undefined, 'warn', /^cannot be told: .*TLS alert/],
  ['a server that lets us in', unsure('let in'), undefined, 'warn', /^cannot be told: .*lets everybody in/],
  [
    'nobody',
    unsure({ unreachable: 'ECONNREFUSED' }),
    undefined,
    'warn',
    /^cannot be told: no connection: ECONNREFUSED/,
  ],
])('%s', (_name, asReset, asFin, outcome, words) => {
  expect(judgeResets(asReset, asFin)).toMatchObject({ outcome, seen: expect.stringMatching(words) });
});

test('what turns resets into FINs is told how to be avoided', () => {
  expect(judgeResets(sent('fin')).remedy).toMatch(/--network host.*same network.*"userland-proxy": false/);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chance } from '../../random.ts';
import { applyFault, complaintsOf, contradictionOf, emptyPlan, occasionOf } from '../testing.ts';
import { corruptBody } from './corrupt-body.ts';

const corrupt = (body: Uint8Array, params: object, seed = 7) => {
  const plan = emptyPlan();
  const draw = (label = '') => chance(seed, label);
  applyFault(corruptBody, params, { plan, stage: 'response' }, { ...occasionOf(), draw });
  return plan.changeBody?.(body.byteLength)(body, 0) ?? body;
};

/** Where two bodies of one length differ, and in how many bits. */
const differences = (a: Uint8Array, b: Uint8Array) =>
  [...a].flatMap((byte, at) => {
    const bits = (byte ^ (b[at] ?? 0)).toString(2).replaceAll('0', '').length;
    return bits > 0 ? [{ at, bits }] : [];
  });

test('flips hit one bit each in as many bytes as asked for, where they may, and the same in each run', () =>
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 200 }),
      fc.nat(220),
      fc.integer({ min: 1, max: 30 }),
      fc.integer(),
      (body, from, flips, seed) => {
        const original = Uint8Array.from(body);
        const flipped = corrupt(body, { from, flips }, seed);
        const hit = differences(body, flipped);
        expect(flipped).toHaveLength(body.length);
        expect(hit).toHaveLength(Math.max(0, Math.min(flips, body.length - from)));
        expect(hit.every(({ at, bits }) => at >= from && bits === 1)).toBe(true);
        expect(corrupt(body, { from, flips }, seed)).toEqual(flipped);
        expect(body).toEqual(original);
      },
    ),
    { numRuns: 500 },
  ));

test.each([{ how: 'flip', flips: 9, from: 3 }, { how: 'cut' }, { how: 'cut', from: 17 }])(
  'a body that comes in pieces is hit where the whole of it would be: %o',
  (params) =>
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 20 }), { minLength: 1 }), fc.integer(), (pieces, seed) => {
        const whole = Buffer.concat(pieces);
        const plan = emptyPlan();
        const draw = (label = '') => chance(seed, label);
        applyFault(corruptBody, params, { plan, stage: 'response' }, { ...occasionOf(), draw });
        const change = plan.changeBody?.(whole.byteLength);
        let at = 0;
        const hit = pieces.map((piece) => {
          at += piece.byteLength;
          return change?.(piece, at - piece.byteLength) ?? piece;
        });
        expect(Buffer.concat(hit)).toEqual(Buffer.from(corrupt(whole, params, seed)));
      }),
    ),
);

test('a cut leaves JSON without its end, at the same length', () => {
  const body = Buffer.from('{"id":"cgt-1"}');
  expect(Buffer.from(corrupt(body, { how: 'cut', from: 5 })).toString()).toBe('{"id"         ');
  const drawn = Buffer.from(corrupt(body, { how: 'cut' })).toString();
  expect(drawn).toHaveLength(body.length);
  expect(() => JSON.parse(drawn)).toThrow(SyntaxError);
});

test('it says what it does', () => {
  const said = (params: object) => applyFault(corruptBody, params, { plan: emptyPlan(), stage: 'request' });
  expect(said({})).toBe('flip a bit in one byte of the body');
  expect(said({ flips: 3, from: 7 })).toBe('flip a bit in 3 bytes of the body from byte 7 on');
  expect(said({ how: 'cut' })).toBe('blank the body');
});

test('a cut flips nothing, and nobody flips nothing', () => {
  expect(contradictionOf(corruptBody, { how: 'cut', flips: 2 }, 'request')).toMatchObject({ param: 'flips' });
  expect(complaintsOf(corruptBody, { flips: 0 })).toHaveLength(1);
  expect(complaintsOf(corruptBody, { flips: 10_001 })).toHaveLength(1);
  expect(complaintsOf(corruptBody, { from: -1 })).toHaveLength(1);
});

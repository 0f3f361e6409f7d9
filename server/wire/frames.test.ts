import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Frame } from '../faults/plans.ts';
import { decodeHead, encodeFrame, FrameReader, nameOfFrame, PREFACE } from './frames.ts';

const frame = fc.record({
  type: fc.nat(255),
  flags: fc.nat(255),
  stream: fc.nat(2 ** 31 - 1),
  payload: fc.uint8Array({ maxLength: 40 }),
});

test('however the bytes are cut, frames that are wanted come whole, and all others as they were, in order', () => {
  fc.assert(
    fc.property(fc.array(frame), fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), (frames, cuts) => {
      const out: Buffer[] = [];
      const taken: Frame[] = [];
      const reader = new FrameReader(
        {
          wants: ({ type }) => type % 2 === 0,
          pass: (bytes) => out.push(Buffer.from(bytes)),
          take: (wanted) => {
            taken.push(wanted);
            out.push(encodeFrame(wanted));
          },
        },
        PREFACE.byteLength,
      );
      const all = Buffer.concat([PREFACE, ...frames.map((each) => encodeFrame(each))]);
      for (let at = 0, turn = 0; at < all.length; turn++) {
        const length = cuts[turn % cuts.length] ?? 1;
        reader.read(all.subarray(at, at + length));
        at += length;
      }
      expect(Buffer.concat(out)).toEqual(all);
      expect(taken.map(({ type }) => type)).toEqual(frames.map(({ type }) => type).filter((type) => type % 2 === 0));
      expect(reader.between).toBe(true);
    }),
  );
});

test('within a frame, and within a head, there is nothing between', () => {
  const reader = new FrameReader({ wants: () => false, pass: () => {}, take: () => {} });
  const bytes = encodeFrame({ type: 0, flags: 0, stream: 1, payload: Buffer.from('abc') });
  const seen = [...bytes].map((byte) => {
    reader.read(Buffer.of(byte));
    return reader.between;
  });
  expect(seen).toEqual([...Array(11).fill(false), true]);
});

test('a head is 24 bits of length, type, flags, and 31 bits of stream (RFC 9113, section 4.1)', () => {
  expect(decodeHead(Buffer.from('0102030401ffffffff', 'hex'))).toEqual({
    length: 0x01_02_03,
    type: 4,
    flags: 1,
    stream: 2 ** 31 - 1,
  });
  const payload = Buffer.from('ab');
  expect(encodeFrame({ type: 8, flags: 0, stream: 3, payload }, 5).toString('hex')).toBe('0000050800000000036162');
});

test('a frame is called as in the RFC, or by its number', () =>
  expect([0, 8, 0xbe].map(nameOfFrame)).toEqual(['DATA', 'WINDOW_UPDATE', '0xbe']));

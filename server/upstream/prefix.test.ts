import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_PREFIX_BYTES, Prefix, readItems } from './prefix.ts';

function prefixOf(...pieces: readonly Uint8Array[]): Prefix {
  const prefix = new Prefix();
  for (const piece of pieces) prefix.add(piece);
  return prefix;
}

describe('a beginning of a body', () => {
  const text = '{"id":"cgt-1"}';
  test.each([
    ['', Buffer.from(text)],
    ['identity', Buffer.from(text)],
    ['gzip', gzipSync(text)],
    [' X-GZip ', gzipSync(text)],
    ['deflate', deflateSync(text)],
    ['br', brotliCompressSync(text)],
    ['zstd', zstdCompressSync(text)],
  ])('is read as text where it is encoded as "%s"', (encoding, bytes) =>
    expect(prefixOf(bytes.subarray(0, 5), bytes.subarray(5)).text(encoding)).toBe(text),
  );

  test('is empty where it cannot be read, or would not end', () => {
    expect(prefixOf(Buffer.from(text)).text('gzip')).toBe('');
    expect(prefixOf(Buffer.from(text)).text('gzip, br')).toBe('');
    expect(prefixOf(gzipSync(Buffer.alloc(5_000_000))).text('gzip')).toBe('');
  });

  test('ends at the limit, and holds a copy', () => {
    const piece = Buffer.alloc(MAX_PREFIX_BYTES - 1, 'a');
    const prefix = prefixOf(piece);
    expect(prefix.isFull).toBe(false);
    prefix.add(Buffer.from('bc'));
    piece.fill('x');
    expect(prefix.isFull).toBe(true);
    expect(prefix.text()).toBe(`${'a'.repeat(MAX_PREFIX_BYTES - 1)}b`);
  });
});

test('the items of a list are read as far as they are whole, wherever its text is cut off', () =>
  fc.assert(
    fc.property(
      fc.array(fc.dictionary(fc.string(), fc.jsonValue())),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (items, share) => {
        const text = JSON.stringify({ total: items.length, items, more: [{ id: 'none of them' }] });
        const plain = JSON.parse(JSON.stringify(items));
        expect(readItems(text)).toEqual(plain);
        const found = readItems(text.slice(0, Math.floor(text.length * share)));
        expect(found).toEqual(plain.slice(0, found.length));
      },
    ),
  ));

test('what is no list has no items', () => {
  for (const text of ['', '[]', '{"items":{}}', '{"items":[', '{"items":[1,"x"]}', 'items:[{}]'])
    expect(readItems(text)).toEqual([]);
});

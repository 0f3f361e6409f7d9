import { expect, test } from 'vitest';
import { Clock } from '../clock.ts';
import type { WayPlan } from '../faults/plans.ts';
import { randomSequence } from '../random.ts';
import { Way } from './way.ts';

const openWay = (plan: WayPlan) => {
  const clock = new Clock({ mode: 'manual' });
  const startedAt = clock.now();
  const over = new AbortController();
  const out: string[] = [];
  const way = new Way({
    clock,
    plan,
    random: randomSequence(7, 'jitter'),
    over: over.signal,
    heldUntilMs: () => 0,
    deliver: (piece) => void out.push(`${clock.now() - startedAt} ms: ${piece.length}`),
  });
  return { way, clock, out, over };
};
const bytes = (length: number) => Buffer.alloc(length);

test('bytes are as late as planned, each write by itself', async () => {
  const { way, clock, out } = openWay({ latencyMs: 100 });
  void way.take(bytes(1));
  await clock.advance(50);
  void way.take(bytes(2));
  await clock.advance(100);
  expect(out).toEqual(['100 ms: 1', '150 ms: 2']);
});

test('jitter differs from write to write, is the same on every run, and overtakes nothing', async () => {
  const run = async () => {
    const { way, clock, out } = openWay({ latencyMs: 100, jitterMs: 100 });
    for (let n = 1; n <= 20; n++) {
      void way.take(bytes(n));
      await clock.advance(5);
    }
    await clock.advance(300);
    return out;
  };
  const first = await run();
  expect(await run()).toEqual(first);
  expect(first.map((line) => Number(line.split(': ')[1]))).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
  expect(new Set(first.map((line) => line.split(' ')[0])).size).toBeGreaterThan(3);
});

test('a pace holds over many pieces, also where one of them takes less than a millisecond', async () => {
  const { way, clock, out } = openWay({ bytesPerSecond: 100_000 });
  void way.take(bytes(25_000));
  await clock.advance(1_000);
  expect(out).toEqual(['100 ms: 10000', '200 ms: 10000', '250 ms: 5000']);
  const fine = openWay({ bytesPerSecond: 3_000, slice: { bytes: 1, delayMs: 0 } });
  void fine.way.take(bytes(3_000));
  await fine.clock.advance(999);
  expect(fine.out.length).toBeLessThan(3_000);
  await fine.clock.advance(1);
  expect(fine.out.length).toBe(3_000);
});

test('there is no room for more than 256 KiB, until they are out', async () => {
  const { way, clock } = openWay({ latencyMs: 100 });
  expect(way.take(bytes(262_143))).toBeUndefined();
  let room = false;
  void way.take(bytes(1))?.then(() => {
    room = true;
  });
  await clock.advance(99);
  expect(room).toBe(false);
  await clock.advance(1);
  expect(room).toBe(true);
});

test('when there is nobody left to carry for, nothing comes out, and nothing is waited for', async () => {
  const { way, out, over } = openWay({ latencyMs: 60_000, bytesPerSecond: 1 });
  void way.take(bytes(10));
  over.abort();
  await way.drained();
  expect(out).toEqual([]);
});

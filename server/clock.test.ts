import { describe, expect, test } from 'vitest';
import { Clock } from './clock.ts';

/** A manual clock, and what happened on it: what, and how long after it was made. */
function openManual() {
  const clock = new Clock({ mode: 'manual' });
  const start = clock.now();
  const seen: string[] = [];
  const note = (what: string) => () => void seen.push(`${what} at ${clock.now() - start}`);
  return { clock, start, seen, note };
}

describe('a manual clock', () => {
  test('stands still until it is advanced, and then moves by as much', async () => {
    const { clock, start } = openManual();
    expect(clock.mode).toBe('manual');
    expect(clock.now()).toBe(start);
    await clock.advance(8_000);
    expect(clock.now()).toBe(start + 8_000);
  });

  test('fires what falls due, each at its time, in order', async () => {
    const { clock, seen, note } = openManual();
    clock.after(300, note('late'));
    clock.after(100, note('early'));
    clock.after(900, note('not yet'));
    await clock.advance(500);
    expect(seen).toEqual(['early at 100', 'late at 300']);
  });

  test('fires what a timer sets up on the way', async () => {
    const { clock, seen, note } = openManual();
    clock.after(100, () => clock.after(100, note('second')));
    await clock.advance(1_000);
    expect(seen).toEqual(['second at 200']);
  });

  test('lets promises run between two timers', async () => {
    const { clock, seen, note } = openManual();
    const chain = async () => {
      await clock.sleep(100);
      note('first')();
      await clock.sleep(100);
      note('second')();
    };
    const done = chain();
    await clock.advance(200);
    await done;
    expect(seen).toEqual(['first at 100', 'second at 200']);
  });

  test('does not fire what was cancelled, and takes a second cancel', async () => {
    const { clock, seen, note } = openManual();
    const timer = clock.after(100, note('cancelled'));
    timer.cancel();
    timer.cancel();
    await clock.advance(1_000);
    expect(seen).toEqual([]);
  });

  test('sleep ends as soon as its signal aborts', async () => {
    const { clock } = openManual();
    const abort = new AbortController();
    const slept = clock.sleep(60_000, abort.signal);
    abort.abort();
    await slept;
    await clock.sleep(60_000, abort.signal);
  });

  test('waiting tells that something waits for exactly so long', async () => {
    const { clock, seen, note } = openManual();
    const waited = clock.waiting(30_000).then(note('waited'));
    clock.after(10_000, note('something else'));
    await clock.advance(1_000);
    expect(seen).toEqual([]);

    clock.after(30_000, note('done'));
    await waited;
    expect(seen).toEqual(['waited at 1000']);
    await clock.waiting(9_000);
  });

  test('waiting does not mistake a watch for what it waits for', async () => {
    const { clock, seen, note } = openManual();
    clock.watch(500, () => {});
    const waited = clock.waiting(500).then(note('waited'));
    await clock.advance(0);
    expect(seen).toEqual([]);
    clock.after(500, () => {});
    await waited;
  });
});

describe('a watch', () => {
  test('looks before and after each step, and at its pace in between', async () => {
    const { clock, seen, note } = openManual();
    clock.watch(500, note('look'));
    await clock.advance(1_200);
    expect(seen).toEqual(['look at 0', 'look at 500', 'look at 1000', 'look at 1200']);
  });

  test('ends when it is cancelled, from within too', async () => {
    const { clock, seen, note } = openManual();
    const outside = clock.watch(500, note('outside'));
    const inside = clock.watch(500, () => {
      note('inside')();
      inside.cancel();
    });
    outside.cancel();
    await clock.advance(5_000);
    expect(seen).toEqual(['inside at 0']);
  });
});

describe('a real clock', () => {
  test('passes as much faster as it was told: an hour is over within the patience of a test', async () => {
    const clock = new Clock({ speed: 10_000 });
    const start = clock.now();
    await clock.sleep(3_600_000);
    expect(clock.now() - start).toBeGreaterThan(3_500_000);
    expect(clock.speed).toBe(10_000);
  });

  test('never fires before a timer is due', async () => {
    const clock = new Clock();
    const early = await Promise.all(
      Array.from({ length: 20 }, async (_, ms) => {
        const dueMs = clock.now() + ms;
        await clock.sleep(ms);
        return clock.now() < dueMs;
      }),
    );
    expect(early).not.toContain(true);
  });

  test('does not fire at once what is further away than a timer of Node can be set', async () => {
    const clock = new Clock();
    let fired = false;
    clock.after(2 ** 32, () => {
      fired = true;
    });
    await clock.sleep(2);
    expect(fired).toBe(false);
  });

  test('cannot be advanced', () => expect(new Clock().advance(1)).rejects.toThrow('Only a manual clock'));
});

describe('a change of pace', () => {
  test('leaves lane time where it was', () => {
    const { clock, start } = openManual();
    clock.setSpeed(1);
    expect(clock.mode).toBe('real');
    expect(clock.now()).toBeGreaterThanOrEqual(start);
    expect(clock.now()).toBeLessThan(start + 60_000);
  });

  test('keeps the time at which a pending timer is due', async () => {
    const { clock, seen } = openManual();
    clock.after(60_000, () => seen.push('fired'));
    await clock.advance(20_000);
    clock.setSpeed(1);
    clock.setManual();
    await clock.advance(39_000);
    expect(seen).toEqual([]);
    await clock.advance(1_000);
    expect(seen).toEqual(['fired']);
  });

  test('lets a timer fire that was set while time stood still', async () => {
    const clock = new Clock({ mode: 'manual' });
    const slept = clock.sleep(60_000);
    clock.setSpeed(10_000);
    await slept;
  });

  test('from real to manual lets a pending timer wait for advance', async () => {
    const clock = new Clock();
    let fired = false;
    clock.after(3_600_000, () => {
      fired = true;
    });
    clock.setManual();
    await clock.advance(3_599_000);
    expect(fired).toBe(false);
    await clock.advance(1_000);
    expect(fired).toBe(true);
  });

  test('keeps a watch going', async () => {
    const clock = new Clock({ mode: 'manual' });
    const looked = new Promise<void>((resolve) => clock.watch(500, resolve));
    clock.setSpeed(10_000);
    await looked;
  });
});

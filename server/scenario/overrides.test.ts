import { expect, test } from 'vitest';
import { UsageError } from '../errors.ts';
import { readOverrides } from './overrides.ts';

/** The problems of what types may keep out, and plain JavaScript does not. */
function problemsOf(given: object): readonly string[] {
  try {
    readOverrides(given);
    return [];
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return error.problems.map(({ code, message }) => `${code}: ${message}`);
  }
}

test('what takes the place of the settings of a scenario is read', () => {
  expect(readOverrides({ seed: 7, profile: 'permissive', clock: 20 })).toEqual({
    seed: 7,
    profile: 'permissive',
    clock: { speed: 20, mode: 'real' },
  });
  expect(readOverrides({ clock: 'manual' })).toMatchObject({ clock: { mode: 'manual' } });
  expect(readOverrides({})).toEqual({});
});

test.each([
  [{ clock: 0 }, 'clock', '0'],
  [{ clock: -1 }, 'clock', '-1'],
  [{ clock: Number.NaN }, 'clock', 'NaN'],
  [{ clock: 10_001 }, 'clock', '10001'],
  [{ clock: 'fast' }, 'clock', 'fast'],
  [{ seed: 1.5 }, 'seed', '1.5'],
  [{ seed: 'a' }, 'seed', 'a'],
  [{ profile: 'x' }, 'profile', 'x'],
])('%j is refused', (given, option, shown) =>
  expect(problemsOf(given)).toEqual([`INVALID_OPTION: ${option} does not take "${shown}".`]),
);

test('all that is wrong is told at once', () =>
  expect(problemsOf({ seed: -1, profile: 'x', clock: 0 })).toHaveLength(3));

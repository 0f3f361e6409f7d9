import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { UsageError } from '../errors.ts';
import type { Fault } from '../faults/fault.ts';
import { faults } from '../faults/table.ts';
import { loadScenario } from './load.ts';

interface Setting {
  readonly key: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
}

const settingsOf = ({ params }: Fault): readonly Setting[] =>
  Object.entries(z.toJSONSchema(params, { io: 'input' }).properties ?? {}).map(([key, schema]) => ({
    ...(schema as object),
    key,
  }));

/** Every setting of every fault, once on each hook where the fault strikes. */
const settings = (faults as readonly Fault[]).flatMap((fault) =>
  fault.on.flatMap((hook) => settingsOf(fault).map((setting) => ({ hook, fault: fault.name, ...setting }))),
);

/** Lines and columns of what the loader has against one setting of a fault; the setting stands in line 6, column 11. */
function placesOf(hook: string, fault: string, key: string, value: string): readonly string[] {
  const source = `faults:\n  - name: it\n    on: ${hook}\n    inject:\n      - ${fault}:\n          ${key}: ${value}\n`;
  try {
    loadScenario(source);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return error.problems.map(({ at }) => `${at?.line}:${at?.column}`);
  }
  return [];
}

/** Where a value stands that begins two columns behind its key, or what is `inside` its brackets. */
const at = (key: string, inside = 0) => `6:${11 + key.length + 2 + inside}`;

describe('at its line and column is refused', () => {
  test.each(settings)('on $hook, $fault: $key of a wrong type', ({ hook, fault, key }) => {
    const places = placesOf(hook, fault, key, '[[]]');
    expect(places.filter((place) => [at(key), at(key, 1)].includes(place))).not.toEqual([]);
  });

  test.each(settings.filter(({ minimum }) => minimum !== undefined))(
    'on $hook, $fault: $key below $minimum',
    ({ hook, fault, key, minimum = 0 }) => {
      expect(placesOf(hook, fault, key, `${minimum - 1}`)).toContain(at(key));
    },
  );

  test.each(settings.filter(({ exclusiveMinimum }) => exclusiveMinimum !== undefined))(
    'on $hook, $fault: $key of no more than $exclusiveMinimum',
    ({ hook, fault, key, exclusiveMinimum = 0 }) => {
      expect(placesOf(hook, fault, key, `${exclusiveMinimum}`)).toContain(at(key));
    },
  );

  test.each(settings.filter(({ maximum = Number.MAX_SAFE_INTEGER }) => maximum < Number.MAX_SAFE_INTEGER))(
    'on $hook, $fault: $key above $maximum',
    ({ hook, fault, key, maximum = 0 }) => {
      expect(placesOf(hook, fault, key, `${maximum + 1}`)).toContain(at(key));
    },
  );

  test.each(faults as readonly Fault[])('a setting that $name does not have', ({ name, on: [hook = ''] }) => {
    expect(placesOf(hook, name, 'sugar', '2')).toContain('6:11');
  });
});

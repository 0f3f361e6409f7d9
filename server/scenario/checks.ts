import { closestTo } from './closest.ts';
import type { Findings } from './findings.ts';
import { readItem } from './item.ts';

/** What a client can be judged by. Their names are known here so that a scenario may say what it expects already now. */
export const checkNames = [
  'backoff',
  'retry-after-respected',
  'no-duplicate-creates',
  'connection-reuse',
  'pool-size',
  'heartbeat-interval',
  'alpn-offered',
  'no-h2c',
  'goaway-respected',
  'tasks-settled',
  'poll-interval',
  'trace-propagated',
  'callbacks-acknowledged',
  'callbacks-deduplicated',
  'early-data-not-replayed',
  'recovers-within',
] as const;
export type CheckName = (typeof checkNames)[number];

/** Looks the names under `expect:` up.
 * @returns what to warn of: nothing is judged by this version */
export function readExpectations(expected: readonly unknown[], findings: Findings): string[] {
  const names = expected.flatMap((item, index) => {
    if (findings.isFull) return [];
    const path = ['expect', index];
    const read = readItem(item, path, findings);
    if (!read) return [];
    if (checkNames.some((name) => name === read.name)) return [read.name];
    const closest = closestTo(read.name, checkNames);
    findings.add('UNKNOWN_CHECK', { given: read.name, closest, known: checkNames }, read.path, 'key');
    return [];
  });
  return names.length > 0 ? [`expect: is not judged by this version (${names.join(', ')}).`] : [];
}

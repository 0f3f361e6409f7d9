import type { Check, Expectation, Reliance } from '../verdict/check.ts';
import { checks, findCheck } from '../verdict/table.ts';
import { checkPart } from './check.ts';
import { closestTo } from './closest.ts';
import type { Findings } from './findings.ts';
import { readItem } from './item.ts';
import type { Service } from './service.ts';

/** Reads `expect:`, noting every problem of every line.
 * @param service the rules in force: what they leave nothing to see of cannot be expected */
export function readExpectations(expected: readonly unknown[], service: Service, findings: Findings): Expectation[] {
  const read = expected.flatMap((item, index) =>
    findings.isFull ? [] : readExpectation(item, { path: ['expect', index], service, findings }),
  );
  read.forEach(({ check }, index) => {
    if (read.findIndex((other) => other.check === check) < index)
      findings.add('DUPLICATE_CHECK', { name: check }, ['expect', index]);
  });
  return read;
}

interface Setting {
  readonly path: readonly (string | number)[];
  readonly service: Service;
  readonly findings: Findings;
}

function readExpectation(item: unknown, { path, service, findings }: Setting): Expectation[] {
  const read = readItem(item, path, findings);
  if (!read) return [];
  const check = findCheck(read.name);
  if (!check) {
    const known = checks.map(({ name }) => name);
    findings.add('UNKNOWN_CHECK', { given: read.name, closest: closestTo(read.name, known), known }, read.path, 'key');
    return [];
  }
  const params = checkPart(check.params, read.settings, read.path, findings);
  const reason = whyUnseen(check, service);
  if (reason !== undefined) findings.add('UNMEASURABLE', { check: check.name, reason }, read.path, 'key');
  return params === undefined ? [] : [check.bind(params)];
}

/** Why a check would find nothing to look at under these rules. */
function whyUnseen({ relies }: Check, { alpn }: Service): string | undefined {
  const wants = (what: Reliance) => relies.includes(what);
  return (wants('h2') || wants('frames')) && !alpn.offer.includes('h2')
    ? 'it looks at HTTP/2, which `service.alpn.offer` leaves out'
    : undefined;
}

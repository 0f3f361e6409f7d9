import type { ScenarioInput } from '../../server/index.ts';
import { findCheck } from '../../server/verdict/table.ts';
import { isThere } from './needs.ts';
import { type Mode, nameOf, type Required, type Row } from './row.ts';

type Fault = NonNullable<ScenarioInput['faults']>[number];

/** A row, and the processes that run it: each names itself in a header that is no part of its identity. */
export interface Part {
  readonly row: Row;
  readonly processes: readonly string[];
}

/** How many copies of a program run in mode `copies`. */
export const COPIES = 6;
/** Lane seconds in a real one in mode `speed`. */
export const SPEED = 20;

/** The hooks at which a fault knows which program it strikes. */
const AIMED: readonly Fault['on'][] = ['request', 'response', 'video'];
/** What an advance by a second a second says nothing about. */
const TIMED = [
  ...['backoff', 'retry-after-respected', 'poll-interval', 'heartbeat-interval', 'recovers-within'],
  'gives-up-within',
];

/** Checks that judge the run as a whole: who shares a lane has to share these. */
const FOR_RUN = ['tasks-settled', 'callbacks-acknowledged', 'callbacks-deduplicated'];

const faultsOf = ({ scenario }: Row): readonly Fault[] => scenario.faults ?? [];

/** Whether a fault strikes each program alike, or can be told which of them it strikes. */
const isFair = ({ on, when }: Fault): boolean => AIMED.includes(on) || when === undefined || when.per !== undefined;

/** Whether the situation of a row arises in a mode. */
export function runsIn(row: Row, mode: Mode): boolean {
  if (row.not?.includes(mode)) return false;
  if (mode === 'copies') return row.processes === undefined && faultsOf(row).every(isFair);
  if (mode === 'parallel') return row.processes === undefined && faultsOf(row).every(({ on }) => AIMED.includes(on));
  return true;
}

/** What each check must find of a row in a mode. */
export function requiredIn(row: Row, mode: Mode): Required {
  const required = { ...row.required, ...row.modes?.[mode] };
  if (mode !== 'manual') return required;
  const reason = 'inconclusive: a clock that is moved by hand says nothing about the real waits of the client' as const;
  return Object.fromEntries(
    Object.entries(required).map(([check, wants]) => [check, TIMED.includes(check) ? [wants, reason].flat() : wants]),
  );
}

/** The checks of a row that exist. */
export const checksOf = ({ required, modes = {} }: Row): readonly string[] => {
  const names = [required, ...Object.values(modes)].flatMap((those) => Object.keys(those));
  return [...new Set(names)].filter((name) => findCheck(name) !== undefined);
};

/** Whether rows can share a lane: the same service, and the same settings for the same check. */
export function canShare(a: Row, b: Row): boolean {
  const rest = ({ scenario: { faults: _, name: _name, ...those }, tasksStayOpen, required }: Row) =>
    JSON.stringify([those, tasksStayOpen, FOR_RUN.filter((check) => check in required)]);
  const clash = checksOf(a).some(
    (check) => checksOf(b).includes(check) && JSON.stringify(a.params?.[check]) !== JSON.stringify(b.params?.[check]),
  );
  return rest(a) === rest(b) && !clash && nameOf(a) !== nameOf(b) && !a.needs && !b.needs;
}

/** The scenario in which some rows run together, as text: it may have settings that do not exist yet. */
export function sceneOf(parts: readonly Part[], mode: Mode): string {
  const [first] = parts;
  const { faults: _, ...rest } = first?.row.scenario ?? {};
  const aimed = mode === 'copies' || mode === 'parallel';
  const ready = parts.filter(({ row }) => row.needs?.every(isThere) ?? true);
  const expect = new Map(
    ready.flatMap(({ row }) => checksOf(row).map((check) => [check, row.params?.[check]] as const)),
  );
  return JSON.stringify({
    ...rest,
    name: `truth-${parts.map(({ row }) => row.name).join('-')}`.slice(0, 60),
    ...(mode === 'speed' && { tasks: stretch(rest.tasks ?? {}) }),
    ...(ready[0]?.row.clients && { clients: ready[0].row.clients }),
    faults: parts.flatMap((part) => faultsOf(part.row).flatMap((fault) => (aimed ? aim(fault, part, mode) : fault))),
    expect: [...expect].map(([check, params]) => (params ? { [check]: params } : check)),
  });
}

/** One fault for each program that it strikes. */
function aim(fault: Fault, { processes, row }: Part, mode: Mode): readonly Fault[] {
  if (!AIMED.includes(fault.on)) return [fault];
  const targets = mode === 'copies' ? processes : [`${nameOf(row)}#*`];
  return targets.map((target) => {
    const match = { ...fault.match, headers: { ...headersOf(fault), 'x-truth-process': target } };
    return { ...fault, name: `${fault.name} (${target})`, match } as Fault;
  });
}

const headersOf = ({ match }: Fault): object => (match && 'headers' in match ? (match.headers ?? {}) : {});

/** Tasks that last as long in the client's time as at speed 1: it asks as often. */
function stretch(tasks: object): object {
  const longer = (text: unknown) =>
    typeof text === 'string' ? text.replace(/^(\d+)ms$/, (_, ms) => `${Number(ms) * SPEED}ms`) : text;
  return Object.fromEntries(Object.entries(tasks).map(([name, value]) => [name, longer(value)]));
}

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientHttp2Stream } from 'node:http2';
import { setTimeout } from 'node:timers/promises';
import { Changes } from '../typescript/support/changes.ts';
import { AdminDriver } from './admin-driver.ts';
import { Dice } from './dice.ts';
import { frameClients } from './frame-clients.ts';
import { http1Clients } from './http1-clients.ts';
import { http2Clients, makeVideo } from './http2-clients.ts';
import type { MockProcess } from './mock-process.ts';
import { tlsClients } from './tls-clients.ts';
import { type Grounds, ignore, Visit } from './visit.ts';

const CLIENTS_AT_ONCE = 40;
/** The control plane acts each time so many clients have left. */
const CLIENTS_PER_ACTION = 4;
/** How long the mock gets, in real time, to see that all clients have left. */
const EMPTY_LIMIT_MS = 20_000;
/** Until an end that was not asked for is known, in real time. */
const DEATH_LIMIT_MS = 2_000;
const STALLED_AT_THE_END = 10;
/** Longer than a mock may take to end. */
const STALLED_PATIENCE_MS = 30_000;
/** The diagnostics channel on which node:http2 publishes each stream that a client begins. */
const STREAM_CREATED = 'http2.client.stream.created';
/** Of each list of findings. */
const MAX_SHOWN = 10;

/** All clients, by name. */
export const clients: Readonly<Record<string, (visit: Visit) => Promise<void>>> = {
  ...http2Clients,
  ...frameClients,
  ...http1Clients,
  ...tlsClients,
};

/** Their names as they are drawn: some come more often, for what they do depends on a moment, or helps others. */
export const drawn: readonly string[] = [
  ...Object.keys(clients),
  ...Array<string>(3).fill('behave'),
  ...Array<string>(3).fill('cancel-polls'),
  'create-storm',
];

/** What a run is made of. */
export interface ChaosSetting {
  readonly seed: number;
  /** How long clients come, in real time. */
  readonly ms: number;
  /** Names of the clients to draw from. */
  readonly only: readonly string[];
  /** Whether admin calls turn everything meanwhile. */
  readonly admin: boolean;
}

/** How a mock came through. Lists are cut, and say so. */
export interface Outcome {
  /** All that it wrote, when it ended by itself. */
  readonly died: string | undefined;
  /** Admin calls that failed, or were not answered, and failures of this test. */
  readonly problems: readonly string[];
  /** Each kind of `bug` event once. */
  readonly bugs: readonly string[];
  /** What `/metrics` counts of them. */
  readonly bugsCounted: number;
  /** Connections that were open long after all clients had left. */
  readonly stuck: readonly string[];
  /** Connections that the journal does not say opened once and ended once. */
  readonly crooked: readonly string[];
  /** Events that the ring dropped before they were read. */
  readonly missed: number;
  /** How it took SIGTERM, with clients there that do not read. */
  readonly exit: { readonly code: number | null; readonly late: boolean; readonly stderr: string } | undefined;
}

/** Lets clients loose on a mock, each drawn by the seed, while admin calls turn everything; then lets all of them leave, looks
 * what is left, and ends the mock. */
export async function runChaos(mock: MockProcess, setting: ChaosSetting): Promise<Outcome> {
  const grounds: Grounds = {
    ca: mock.ca,
    entrances: [
      {
        port: Number(new URL(mock.ready.url).port),
        serverName: 'localhost',
        headers: {},
        known: { tasks: [], videos: [] },
      },
    ],
    clients: new Map(),
    contexts: new Map(),
  };
  const driver = new AdminDriver(mock, new Dice(setting.seed, 'admin'), grounds);
  let died: string | undefined;
  const visits = new Set<Visit>();
  void mock.ended.then(({ exitCode, stdout, stderr }) => {
    const there = [...visits].map(({ name }) => name).join(', ');
    died = `exit code ${exitCode}\n${stdout}${stderr}\nthere were: ${there}\nadmin calls: ${driver.latest.join('\n  ')}`;
  });
  let stuck: readonly string[] = [];
  let bugsCounted = 0;
  let exit: Outcome['exit'];
  subscribe(STREAM_CREATED, hearErrors);
  try {
    await letLoose(mock, setting, { driver, grounds, visits });
    await driver.calm();
    stuck = await driver.waitUntilEmpty(AbortSignal.timeout(EMPTY_LIMIT_MS));
    bugsCounted = await driver.countBugs();
    exit = await endWithStalled(mock, driver, grounds);
  } catch (error) {
    driver.problems.push(describeError(error));
    // Its end is news a moment later than the calls that failed.
    await Promise.race([mock.ended, setTimeout(DEATH_LIMIT_MS)]);
  } finally {
    unsubscribe(STREAM_CREATED, hearErrors);
  }
  const ledgers = [driver.main, ...driver.lanes.values()];
  return {
    // An end that was asked for is none of its own.
    died: exit ? undefined : died,
    problems: shorten(driver.problems),
    bugs: shorten(driver.bugs),
    bugsCounted,
    stuck: shorten(stuck),
    // What died can write no more.
    crooked: exit ? shorten(ledgers.flatMap(({ crooked }) => crooked)) : [],
    missed: ledgers.reduce((sum, { missed }) => sum + missed, 0),
    exit,
  };
}

interface Place {
  readonly driver: AdminDriver;
  readonly grounds: Grounds;
  /** The clients that are there now. */
  readonly visits: Set<Visit>;
}

/** Resolves once the time is over, or the mock has died, and all clients have left. */
async function letLoose(mock: MockProcess, { seed, ms, only, admin }: ChaosSetting, place: Place): Promise<void> {
  const { driver, grounds, visits } = place;
  const left = new Changes();
  let [came, gone, over] = [0, 0, false];
  const stop = () => {
    over = true;
    for (const visit of visits) visit.hurry();
    left.tell();
  };
  const deadline = new AbortController();
  setTimeout(ms, undefined, { signal: deadline.signal }).then(stop, () => {});
  void mock.ended.then(stop);

  const keepComing = async () => {
    while (!over) {
      const number = ++came;
      const dice = new Dice(seed, `client ${number}`);
      const kind = dice.pick(only);
      const visit = new Visit(`client ${number} ${kind}`, dice, grounds);
      visits.add(visit);
      try {
        await clients[kind]?.(visit);
      } finally {
        await visit.leave();
        visits.delete(visit);
        gone++;
        left.tell();
      }
    }
  };
  const keepTurning = async () => {
    for (let next = 0; !over; next = gone + CLIENTS_PER_ACTION) {
      await left.until(() => over || gone >= next);
      await driver.read();
      if (admin) await driver.act();
    }
  };
  try {
    await Promise.all([keepTurning(), ...Array.from({ length: CLIENTS_AT_ONCE }, keepComing)]);
  } finally {
    deadline.abort();
    stop();
    console.log(`chaos: ${gone} clients, ${driver.summary}`);
  }
}

/** Sends SIGTERM while clients are there that take nothing of what they asked for. */
async function endWithStalled(mock: MockProcess, driver: AdminDriver, grounds: Grounds): Promise<Outcome['exit']> {
  const enter = (name: string, entrances = grounds.entrances) =>
    new Visit(name, new Dice(0, name), { ...grounds, entrances }, STALLED_PATIENCE_MS);
  const creators = grounds.entrances.map((entrance) => enter('creator', [entrance]));
  for (const creator of creators) await makeVideo(creator);
  const stalled = Array.from({ length: STALLED_AT_THE_END }, (_, index) => enter(`stalled ${index}`));
  const staying = stalled.map(frameClients.stall);
  await driver.waitForCalls(STALLED_AT_THE_END, AbortSignal.timeout(EMPTY_LIMIT_MS));
  const { exitCode, stderr, late } = await mock.terminate();
  const visits = [...creators, ...stalled];
  for (const visit of visits) visit.hurry();
  await Promise.all([...staying, ...visits.map((visit) => visit.leave())]);
  return { code: exitCode, late, stderr };
}

/** Listens for the errors of a stream that a client begins: undici stops listening to some of its streams before they end, and an
 * error with no listener would end this process. */
const hearErrors = (message: unknown): void => {
  const { stream } = message as { readonly stream: ClientHttp2Stream };
  stream.on('error', ignore);
};

const describeError = (error: unknown): string =>
  error instanceof Error ? `${error.stack}\n${error.cause ?? ''}` : String(error);

const shorten = (list: readonly string[]): readonly string[] =>
  list.length <= MAX_SHOWN ? list : [...list.slice(0, MAX_SHOWN), `and ${list.length - MAX_SHOWN} more`];

/**
 * Folds so many events of a fleet by every check, as a server does: each event is gone once it is read. Prints how many it
 * folded in a second of its thread, and how much of the heap the verdict took after each half hour of the run.
 * To be run with --expose-gc.
 */
import type { JournalEvent } from '../../server/journal.ts';
import { Bench } from '../../server/verdict/bench.ts';
import { checks } from '../../server/verdict/table.ts';
import { answers, asks, creates, moves, opens, resets, type Step, TASKS } from '../../server/verdict/testing.ts';

const EVENTS = Number(process.argv[2]);
const CLIENTS = 50;
/** A task lasts so many seconds, and its client polls once a second. */
const TASK_SECONDS = 60;
const CUT_EVERY_SECONDS = 97;
const SECONDS_AT_ONCE = 20;
const HALF_HOUR_SECONDS = 1_800;

interface Line {
  connection: number;
  requests: number;
}

/** What the clients do in one second of the run. */
function* secondOf(second: number, lines: Line[], number: () => number): Iterable<Step> {
  for (let client = 0; client < CLIENTS; client++) {
    const at = second * 1_000 + client * 15;
    let line = lines[client];
    if (!line) {
      line = { connection: number(), requests: 0 };
      lines[client] = line;
      yield* opens(at, line.connection, { userAgent: `tea/${client}` });
    }
    const { connection } = line;
    const request = ++line.requests;
    const task = `cgt-${client}-${Math.floor(second / TASK_SECONDS)}`;
    const path = `${TASKS}/${task}`;
    const nth = second % TASK_SECONDS;
    if (nth === 0) {
      yield asks(at, connection, request, { method: 'POST', path: TASKS, idempotencyKey: task });
      yield creates(at + 1, task, { connection, request });
      yield answers(at + 5, connection, request, { method: 'POST', path: TASKS });
      continue;
    }
    if (nth === TASK_SECONDS - 5) yield moves(at, task, 'succeeded');
    yield asks(at, connection, request, { path });
    const isCut = second % CUT_EVERY_SECONDS === client;
    yield isCut ? resets(at + 8, connection, request) : answers(at + 5, connection, request, { path });
    if (isCut) delete lines[client];
  }
}

const bench = new Bench(
  checks.map((check) => check.bind(check.params.parse({}))),
  0,
);
const lines: Line[] = [];
let [connections, seq, second, ms] = [0, 0, 0, 0];

/** @returns how many milliseconds of this thread the verdict on some seconds more took */
function foldSome(): number {
  const events: JournalEvent[] = [];
  for (const last = second + SECONDS_AT_ONCE; second < last; second++)
    for (const [at, entry] of secondOf(second, lines, () => ++connections)) events.push({ ...entry, at, seq: ++seq });
  const startedAt = process.threadCpuUsage();
  for (const event of events) bench.read(event);
  const { user, system } = process.threadCpuUsage(startedAt);
  return (user + system) / 1_000;
}

const heapBytes = (): number => {
  // The first leaves what only caches of the engine still hold.
  for (let turn = 0; turn < 3; turn++) globalThis.gc?.();
  return process.memoryUsage().heapUsed;
};

const before = heapBytes();
const grown: number[] = [];
while (seq < EVENTS) {
  ms += foldSome();
  if (second % HALF_HOUR_SECONDS !== 0) continue;
  grown.push(heapBytes() - before);
}
const perSecond = seq / (ms / 1_000);
console.log(JSON.stringify({ perSecond, bytesByHalfHour: grown }));

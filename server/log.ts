import type { Logger } from 'pino';
import type { CallbackTry, DeadLetterNews, Journal, JournalEvent } from './journal.ts';
import { printableError, printableLine, printableText } from './printable.ts';
import { negotiatedLine } from './rules/alpn.ts';

export const logFormats = ['pretty', 'json', 'silent'] as const;
export type LogFormat = (typeof logFormats)[number];

type Level = 'debug' | 'info' | 'warn' | 'error';

/** Where log lines go. */
interface Writer {
  write(line: string): unknown;
}

/** Writes the journal as log lines, from its first event until the returned function is called. */
export async function logJournal(journal: Journal, format: LogFormat, writer: Writer): Promise<() => void> {
  if (format === 'silent') return () => {};
  const logger = await createLogger(format, writer);
  const tell = (event: JournalEvent) => {
    const line = describeEvent(event);
    if (!line) return;
    const [level, text] = line;
    write(logger, event, level, format === 'pretty' ? printable(event, text) : text);
  };
  // The scenario was loaded before there was a log to hear of it.
  for (const event of journal.events()) tell(event);
  return journal.subscribe(tell);
}

async function createLogger(format: 'pretty' | 'json', writer: Writer): Promise<Logger> {
  // Loaded when wanted: together they are a tenth of the start-up.
  const { pino } = await import('pino');
  const options = { base: null, timestamp: false } as const;
  if (format === 'json') return pino(options, { write: (line) => void writer.write(printableText(line)) });
  const { prettyFactory } = await import('pino-pretty');
  const prettify = prettyFactory({
    translateTime: 'SYS:HH:MM:ss.l',
    timestampKey: 'at',
    hideObject: true,
    ignore: 'name',
  });
  return pino(options, { write: (line) => void writer.write(prettify(line)) });
}

function write(logger: Logger, { seq, at, ...event }: JournalEvent, level: Level, text: string): void {
  logger[level]({ at, seq, ...event }, text);
}

/** Only a bug takes more than one line. */
const printable = (event: JournalEvent, text: string): string =>
  event.type === 'bug' ? `${BUG}${printableError(event.message, event.stack)}` : printableLine(text);

const BUG = 'BUG, please report: ';

/** An event as text, not yet printable; undefined if another event says the same. */
export function describeEvent(event: JournalEvent): readonly [Level, string] | undefined {
  switch (event.type) {
    case 'connection.opened':
      return event.storage && ['info', `[${event.connection}] opened to the storage port`];
    case 'connection.secured':
      return ['info', `[${event.connection}] ${negotiatedLine(event.protocol)} (${event.tls})`];
    case 'connection.ended':
      return [event.how === 'reset' || event.how === 'error' ? 'warn' : 'info', describeEnd(event)];
    case 'connection.identified':
      return ['info', `[${event.connection}] client "${event.client}", identified by ${event.by}`];
    case 'connection.queued':
      return ['warn', `[${event.connection}] waits as number ${event.place}`];
    case 'connection.released':
      return ['info', `[${event.connection}] let in after ${event.waitedMs} ms`];
    case 'connection.hung':
      return ['warn', `[${event.connection}] left without an answer`];
    case 'connection.frozen':
      return ['warn', `[${event.connection}] frozen for ${event.forMs} ms`];
    case 'listener.closed':
      return ['warn', `port closed by "${event.cause}"`];
    case 'listener.opened':
      return ['info', 'port open again'];
    case 'listener.full':
      return ['error', describeFull(event)];
    case 'listener.relieved': {
      const dropped = event.dropped === 1 ? '1 connection' : `${event.dropped} connections`;
      return ['warn', `port ${event.port} has dropped ${dropped}, and has file descriptors again`];
    }
    case 'certificate.shown':
      return ['warn', `[${event.connection}] shown a bad certificate: ${event.certificate}`];
    case 'connection.half-closed':
      return ['warn', `[${event.connection}] FIN sent after ${event.afterBytes} B, still reading`];
    case 'rule.applied':
      return ['warn', `[${event.connection}] ${event.line} (${event.did})`];
    case 'fault.injected':
      return [
        'warn',
        `${event.connection ? `[${event.connection}] ` : ''}fault "${event.fault}" at ${event.hook} #${event.ordinal}: ${event.did}`,
      ];
    case 'response.sent':
      return [
        'info',
        `[${event.connection}] ${event.method} ${event.path} ${event.status}, ${event.bytes} B in ${event.ms} ms`,
      ];
    case 'response.abandoned':
      return [
        'warn',
        `[${event.connection}] request ${event.request} abandoned: ${event.how} by ${event.cause ?? event.by}`,
      ];
    case 'upstream.failed':
      return [
        'warn',
        `[${event.connection}] upstream failed at request ${event.request}: ${event.error} (${event.reason})`,
      ];
    case 'goaway.received':
      return ['info', `[${event.connection}] the client sent GOAWAY, code ${event.code}`];
    case 'dns.query':
      return [event.rcode === 'NOERROR' ? 'info' : 'warn', describeDns(event)];
    case 'goaway.sent':
      return [
        'info',
        `[${event.connection}] GOAWAY, code ${event.code}, last stream ${event.lastStreamId ?? 'seen so far'}`,
      ];
    case 'stream.late':
      return ['warn', `[${event.connection}] the client opened stream ${event.stream}, which GOAWAY does not admit`];
    case 'command.ended':
      return ['debug', `${event.copy}: ${event.how}`];
    case 'clock.changed':
      return ['info', event.mode === 'manual' ? 'time stands still' : `time runs ${event.speed} times as fast`];
    case 'clock.advanced':
      return ['info', `time is advanced by ${event.ms} ms`];
    case 'stream.reset':
      return ['info', `[${event.connection}] the client reset stream ${event.stream}, code ${event.code}`];
    case 'frame.tampered':
      return [
        'debug',
        `[${event.connection}] ${event.frame} ${event.direction} on stream ${event.stream}: ${event.did} by ${event.cause}`,
      ];
    case 'limit.reached':
      return [
        'warn',
        `${event.account || 'the account'} has reached the limit ${event.limit}${event.model ? ` for ${event.model}` : ''}: ${event.used} of ${event.allowed}`,
      ];
    case 'task.created':
      return ['info', `${event.task} created for ${event.model}`];
    case 'task.changed':
      return ['info', `${event.task} ${event.from} -> ${event.to}`];
    case 'task.regressed':
      return ['warn', `${event.task} is ${event.from}, shown as ${event.to}`];
    case 'task.dropped':
      return ['warn', `${event.task} dropped: no worker in ${event.tries === 1 ? 'time' : `${event.tries} tries`}`];
    case 'task.retried':
      return [
        'info',
        `${event.task} found no worker in ${event.tries === 1 ? '1 try' : `${event.tries} tries`}, tries again`,
      ];
    case 'task.moved':
      return ['info', `${event.task} moved to another worker`];
    case 'workers.lost':
      return ['warn', `${event.lost} of ${event.of} workers lost; ${event.tasks.length} tasks hang`];
    case 'workers.back':
      return ['info', `${event.back} workers back`];
    case 'task.deleted':
      return ['info', `${event.task} deleted`];
    case 'callback.answered':
      return [
        isSuccess(event.code) ? 'info' : 'warn',
        `${describeCallback(event)} answered ${event.code} in ${event.ms} ms`,
      ];
    case 'callback.failed':
      return ['warn', `${describeCallback(event)} failed: ${event.reason}`];
    case 'callback.held':
      return ['info', `${describeCallback(event)} waits as number ${event.place}: the receiver is out of rotation`];
    case 'receiver.paused':
      return [
        'warn',
        `ALERT: ${event.receiver} out of rotation for ${event.pauseMs} ms after ${event.timeouts} time-outs in a row`,
      ];
    case 'receiver.resumed':
      return ['info', `${event.receiver} back in rotation after ${event.outMs} ms, ${event.held} waited for it`];
    case 'dead-letter.archived':
      return [
        'warn',
        `${describeDeadLetter(event)} archived after ${event.attempts === 1 ? '1 try' : `${event.attempts} tries`} (${event.class}): ${event.reason}`,
      ];
    case 'dead-letter.replayed':
      return ['info', `${describeDeadLetter(event)} replayed`];
    case 'dead-letter.expired':
      return ['warn', `${describeDeadLetter(event)} expired`];
    case 'dead-letter.displaced':
      return ['warn', `${describeDeadLetter(event)} made room for a newer one: no more than ${event.limit} are kept`];
    case 'dead-letter.deleted':
      return ['info', `${describeDeadLetter(event)} deleted`];
    case 'scenario.loaded': {
      const { name, faults, seed, warnings = [] } = event;
      const warned = warnings.map((warning) => `; warning: ${warning}`).join('');
      const armed = `${faults} ${faults === 1 ? 'fault' : 'faults'}`;
      return [warned ? 'warn' : 'info', `scenario "${name}" in force, ${armed}, seed ${seed}${warned}`];
    }
    case 'scenario.refused': {
      const { length } = event.problems;
      return [
        'error',
        `${event.from} refused for ${length} ${length === 1 ? 'problem' : 'problems'}, "${event.stays}" stays in force`,
      ];
    }
    case 'fault.armed':
      return ['info', `fault "${event.fault}" armed: ${event.did}`];
    case 'fault.disarmed':
      return ['info', `fault "${event.fault}" disarmed`];
    case 'lane.reset':
      return ['info', 'started over'];
    case 'lane.opened':
      return ['info', `lane "${event.lane}" opened: scenario "${event.scenario}", seed ${event.seed}`];
    case 'lane.closed':
      return ['info', `lane "${event.lane}" is over`];
    case 'connection.handed-over':
      return ['info', `[${event.connection}] handed over to lane "${event.to}"`];
    case 'export.failed':
      return ['warn', `cannot export ${event.signal} to ${event.to}: ${event.reason}; trying again`];
    case 'export.lost':
      return ['warn', `${event.events} events made room before ${event.to} took them as ${event.signal}`];
    case 'recording.failed':
      return ['warn', `cannot record lane "${event.lane}" in ${event.folder}: ${event.reason}; trying again`];
    case 'recording.lost':
      return [
        'warn',
        `${event.events} events of lane "${event.lane}" are not recorded: ${event.firstSeq} to ${event.lastSeq}`,
      ];
    case 'keylog.failed':
      return ['warn', `cannot write TLS secrets to ${event.file}: ${event.reason}; trying again`];
    case 'bug':
      return ['error', `${BUG}${event.stack ?? event.message}`];
    case 'connection.hello':
    case 'request.received':
    case 'request.body':
    case 'heartbeat':
    case 'callback.accepted':
    case 'callback.sent':
      return undefined;
  }
}

const isSuccess = (code: number) => code >= 200 && code < 300;

const describeCallback = ({ task, status, url, attempt }: CallbackTry) =>
  `${task} ${status}: callback to ${url}, try ${attempt},`;

const describeDeadLetter = ({ letter, task, status, url }: DeadLetterNews) =>
  `dead letter ${letter} (${task} ${status} to ${url})`;

const describeFull = ({ port, connections, descriptors }: JournalEvent<'listener.full'>) =>
  `port ${port} drops connections: with ${connections} open, too few of ${descriptors} file descriptors are left; ` +
  'raise the limit with `ulimit -n` where you start the mock';

function describeDns({
  transport,
  name = '?',
  record = '',
  rcode,
  answers,
  truncated,
  ms,
}: JournalEvent<'dns.query'>): string {
  const told = rcode === 'none' ? 'unanswered' : truncated ? 'truncated' : answers.join(' ') || rcode;
  return `dns ${name} ${record} by ${transport}: ${told} in ${ms} ms`;
}

/** Of a call that its connection left open; of one that only asks, nothing. */
const fates = { yes: ' (carried out)', no: ' (not carried out)', unknown: ' (perhaps carried out)' } as const;

function describeEnd(event: JournalEvent<'connection.ended'>): string {
  const { connection, by, how, cause, code, explanation, idleMs, requests } = event;
  const detail = [cause, code, explanation].filter((part) => part !== undefined).join(', ');
  const because = detail === '' ? by : `${by} (${detail})`;
  const open = requests.map(({ method, path, traceparent, asyncTraceId, committed }) => {
    const fate = committed === undefined || method === 'GET' ? '' : fates[committed];
    const trace = asyncTraceId ?? traceparent;
    return `${method} ${path}${fate}${trace === undefined ? '' : ` [trace ${trace}]`}`;
  });
  return `[${connection}] ended by ${because}: ${how}, idle ${idleMs} ms${open.length > 0 ? `, unanswered: ${open.join(', ')}` : ''}`;
}

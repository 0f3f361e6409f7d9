import { UsageError } from '../errors.ts';
import type { JournalEvent, Moment } from '../journal.ts';
import type { VerdictReport } from '../verdict/verdict.ts';
import { Court, describeMissing } from './court.ts';
import type { Header, Judging, RecordedState, RecordingRecord } from './format.ts';
import { findFiles, type Line, readFile, unjudgeable, unreadable } from './reader.ts';

/** Up to where a recording is judged: to the last verdict that the server gave, or to the end. */
export const untils = ['judged', 'end'] as const;

export interface RetrialSetting {
  readonly folder: string;
  readonly lane: string;
  readonly until: (typeof untils)[number];
  /** How many of the newest events are handed back, for a picture. */
  readonly events: number;
}

export interface Retrial {
  readonly report: VerdictReport;
  readonly events: readonly JournalEvent[];
  /** What else to know of the recording, a sentence each. */
  readonly notes: readonly string[];
}

const momentOf = ({ seq, at, realAt }: Moment): Moment => ({ seq, at, realAt });

/** How a file ends, or a recording. */
interface FileEnd {
  header: Header | undefined;
  judged: Judging | undefined;
  newest: Moment | undefined;
  /** Of a recording that was brought to its end. */
  end: Extract<RecordingRecord, { record: 'end' }> | undefined;
  isCut: boolean;
}

type Ending = Readonly<FileEnd> & { readonly header: Header };

/** Judges a recording again, as the server did at its last verdict.
 * @throws UsageError RECORDING_UNREADABLE */
export async function retry({ folder, lane, until, events: kept }: RetrialSetting): Promise<Retrial> {
  const files = await findFiles(folder, lane);
  const ending = await readEnding(files, folder);
  const { header, judged, newest, end } = ending;
  const last = end ?? newest ?? { seq: 0, at: 0 };
  const goal = until === 'judged' && judged ? judged : { resets: judged?.resets ?? 'reset', ...momentOf(last) };
  try {
    const reading = new Reading(header, goal, kept);
    for (const file of files) {
      for await (const lines of readFile(file)) {
        for (const line of lines) reading.take(line);
        if (reading.isDone) break;
      }
      if (reading.isDone) break;
    }
    return {
      ...reading.finish({ isWhole: goal === judged || end !== undefined }),
      notes: [...notesOf(ending, goal), ...reading.notes],
    };
  } catch (error) {
    throw isUnreadable(error) ? error : unjudgeable(folder, header.server, error);
  }
}

const isUnreadable = (error: unknown) =>
  error instanceof UsageError && error.problems.some(({ code }) => code === 'RECORDING_UNREADABLE');

/** Reads the newest file with a whole line, and, for the newest event, those before it that it takes. */
async function readEnding(files: readonly string[], folder: string): Promise<Ending> {
  let found: Ending | undefined;
  let isCut = false;
  for (const file of files.toReversed()) {
    const { header, ...ending } = await readEndOf(file);
    isCut ||= ending.isCut;
    // Without a header, the server was killed as it began the file.
    if (header) found = { ...ending, header, ...found, newest: ending.newest, isCut };
    if (found?.newest) return found;
  }
  if (found) return found;
  throw unreadable(folder, 'no line in it is whole');
}

async function readEndOf(file: string): Promise<FileEnd> {
  const nothing = { header: undefined, judged: undefined, newest: undefined, end: undefined };
  const end: FileEnd = { ...nothing, isCut: false };
  for await (const lines of readFile(file, 'records')) {
    for (const line of lines) {
      if (line.kind === 'event') end.newest = momentOf(line.event);
      else if (line.kind === 'cut') end.isCut = true;
      else if (line.kind === 'record') noteRecord(end, line.record);
    }
  }
  return end;
}

function noteRecord(end: FileEnd, record: RecordingRecord): void {
  switch (record.record) {
    case 'header':
      end.header = record;
      end.judged = record.judged;
      break;
    case 'lost':
      end.judged = record.judged ?? end.judged;
      break;
    case 'judged':
      end.judged = record;
      break;
    case 'end':
      end.end = record;
      break;
    case 'case':
      break;
  }
}

function notesOf({ judged, newest, end, isCut }: Ending, goal: Judging): readonly string[] {
  const after = (end?.seq ?? newest?.seq ?? 0) - goal.seq;
  return [
    ...(isCut ? ['The last line is cut short: the server was killed as it wrote it, or still writes.'] : []),
    ...(!isCut && !end
      ? ['The recording has no end: the server was killed, or still runs, or its disk was full.']
      : []),
    ...(judged ? [] : ['The server gave no verdict: all that it recorded is judged.']),
    ...(after > 0
      ? [`Judged is what was known at the last verdict; ${after} later events count with --until end.`]
      : []),
  ];
}

/** Reads the lines of a recording up to what is to be judged. */
class Reading {
  readonly #goal: Judging;
  readonly #court: Court;
  readonly #kept: number;
  #events: JournalEvent[] = [];
  #case: RecordedState['case'];
  /** In force from the next event on, which may be after all that is judged. */
  #next: RecordedState['case'] | undefined;
  #clock: RecordedState['clock'] = { mode: 'real', speed: 1 };
  /** The newest event that was read. */
  #newest: Moment | undefined;
  /** What a header or a loss says, where events were missing before it. */
  #said: RecordedState | undefined;
  #unreadable = 0;
  isDone = false;

  constructor(header: Header, goal: Judging, kept: number) {
    this.#goal = goal;
    this.#kept = kept;
    this.#case = header.case;
    this.#court = new Court(header.case);
  }

  take(line: Line): void {
    if (this.isDone) return;
    switch (line.kind) {
      case 'event':
        if (line.event.seq > this.#goal.seq) this.isDone = true;
        else this.#read(line.event);
        break;
      case 'record':
        this.#note(line.record);
        break;
      case 'unreadable':
        this.#unreadable++;
        break;
      case 'cut':
        break;
    }
  }

  get notes(): readonly string[] {
    return [
      ...(this.#unreadable > 0 ? [`Lines that cannot be read: ${this.#unreadable}.`] : []),
      ...(this.#court.missing.length > 0 ? [`Missing: ${describeMissing(this.#court.missing)}.`] : []),
    ];
  }

  /** @param isWhole more cannot have come before the moment of judging */
  finish({ isWhole }: { readonly isWhole: boolean }): Pick<Retrial, 'report' | 'events'> {
    this.#missUpTo({ ...this.#goal, seq: this.#goal.seq + 1 });
    if (!isWhole) this.#court.missEnd(this.#goal.at);
    return { report: this.#court.verdict(this.#goal), events: this.#events };
  }

  #read(event: JournalEvent): void {
    this.#missUpTo(event);
    if (this.#next) this.#change(this.#next, event.at);
    this.#next = undefined;
    if (event.type === 'clock.changed') this.#clock = { mode: event.mode, speed: event.speed };
    this.#said = undefined;
    this.#newest = momentOf(event);
    this.#court.read(event);
    if (this.#kept === 0) return;
    this.#events.push(event);
    if (this.#events.length >= 2 * this.#kept) this.#events = this.#events.slice(-this.#kept);
  }

  /** Between what was read and this event there may be some that are missing. */
  #missUpTo({ seq, at, realAt }: Moment): void {
    const before = this.#newest ?? { seq: 0, at };
    const events = seq - before.seq - 1;
    if (events <= 0) return;
    if (this.#said) this.#catchUp(this.#said, { seq: seq - 1, at, realAt });
    this.#court.miss({ events, firstSeq: before.seq + 1, lastSeq: seq - 1, firstAt: before.at, lastAt: at });
  }

  /** Takes over what missing events have changed. */
  #catchUp({ case: recorded, clock }: RecordedState, moment: Moment): void {
    this.#change(recorded, moment.at);
    if (clock.speed === this.#clock.speed && clock.mode === this.#clock.mode) return;
    this.#clock = clock;
    this.#court.changeClock({ type: 'clock.changed', ...clock, ...moment });
  }

  #note(record: RecordingRecord): void {
    switch (record.record) {
      case 'header':
      case 'lost':
        this.#said = record;
        // Of the first file: it begins with this.
        if (!this.#newest) this.#next = record.case;
        break;
      case 'case': {
        const { record: _, ...recorded } = record;
        this.#next = recorded;
        break;
      }
      case 'judged':
      case 'end':
        break;
    }
  }

  #change(recorded: RecordedState['case'], at: number): void {
    if (JSON.stringify(recorded) === JSON.stringify(this.#case)) return;
    this.#case = recorded;
    this.#court.begin(recorded, at);
  }
}

import { readFileSync } from 'node:fs';
import { Clock } from '../clock.ts';
import type { JournalEvent, Moment } from '../journal.ts';
import type { Lane } from '../lane.ts';
import { readExpected } from '../scenario/load.ts';
import type { Judging, Range, RecordedCase, RecordedState, RecordingRecord } from './format.ts';
import { FORMAT, FORMAT_VERSION, RECORD } from './format.ts';

/** What a recording reads of a lane. */
export type RecordedLane = Pick<Lane, 'id' | 'journal' | 'clock' | 'scenario' | 'seed' | 'onVerdict'>;

/** Room for what waits to be written, in bytes. The lanes of a server share it; each may take as
 * much as is left for the others, so that one whose folder cannot be written does not keep them
 * from recording. */
export interface Room {
  used: number;
  readonly limit: number;
}

export interface RecorderSetting {
  readonly room: Room;
  /** From this size on the next file is begun. */
  readonly fileBytes: number;
  /** Called when there is something to write. */
  readonly onLine: () => void;
  /** Called when there is no more room: from here on events are lost. */
  readonly onLoss: () => void;
}

type Stamp = Pick<JournalEvent, 'seq' | 'at'>;

/** A file of the recording: what is still to be written of it, and what it holds with that. */
interface Part {
  readonly number: number;
  lines: string[];
  bytes: number;
  events: number;
  first: Stamp | undefined;
}

/** Lines on their way to the disk. */
export interface Batch {
  readonly part: number;
  readonly lines: readonly string[];
  readonly bytes: Buffer;
}

const { version: server } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

const realTime = new Clock();

/** How much is written at once. A busy event loop gets to few writes in a second. */
const BATCH_BYTES = 4 * 1_048_576;

/** Reads a lane's journal and keeps what is to be written of it. Nothing here waits for a disk:
 * what finds no room is lost, and counted. */
export class Recorder {
  /** Of the lane. */
  readonly id: string;
  readonly #setting: RecorderSetting;
  #stop: readonly (() => void)[];
  /** The last of them is the newest; those before it stay until they are written. */
  #parts: Part[] = [];
  #partNumber = 0;
  #batch: Batch | undefined;
  /** Bytes that are not on the disk. */
  #waiting = 0;
  #case: RecordedCase;
  #clock: RecordedState['clock'];
  #judged: Judging | undefined;
  #newest: Stamp = { seq: 0, at: 0 };
  /** What is being lost now. */
  #loss: Range | undefined;
  #lost = 0;
  /** Where the lane ended. From then on nothing here refers to it, however slow the disk is. */
  #end: Moment | undefined;

  /** Reads what the journal holds, and then what comes. */
  constructor(lane: RecordedLane, setting: RecorderSetting) {
    this.id = lane.id;
    this.#setting = setting;
    this.#case = caseOf(lane);
    this.#clock = { mode: lane.clock.mode, speed: lane.clock.speed };
    for (const event of lane.journal.events()) this.#read(event, lane);
    this.#stop = [
      lane.journal.subscribe((event) => this.#read(event, lane)),
      lane.onVerdict((judging) => {
        this.#judged = judging;
        this.#note({ record: 'judged', ...judging });
      }),
    ];
  }

  /** How many events are not in the recording. */
  get lost(): number {
    return this.#lost;
  }

  /** Whether all there will ever be is on the disk. */
  get isComplete(): boolean {
    return this.#end !== undefined && !this.isBehind && !this.#loss;
  }

  /** Whether there is something to write. */
  get isBehind(): boolean {
    return this.#batch !== undefined || this.#parts.some(({ lines }) => lines.length > 0);
  }

  /** Reads no more. */
  end(at: Moment): void {
    if (this.#end) return;
    this.#end = at;
    for (const stop of this.#stop) stop();
    this.#stop = [];
    this.#note({ record: 'end', ...at });
  }

  /** What is to be written next: the same until `done()`. */
  take(): Batch | undefined {
    if (this.#batch) return this.#batch;
    while (this.#parts.length > 1 && this.#parts[0]?.lines.length === 0) this.#parts.shift();
    const [part] = this.#parts;
    if (!part || part.lines.length === 0) return undefined;
    let [count, bytes] = [0, 0];
    while (count < part.lines.length && bytes < BATCH_BYTES) bytes += part.lines[count++]?.length ?? 0;
    const lines = part.lines.splice(0, count);
    this.#batch = { part: part.number, lines, bytes: Buffer.from(lines.join('')) };
    return this.#batch;
  }

  /** The batch is on the disk. */
  done(): void {
    this.#take(-(this.#batch?.bytes.length ?? 0));
    this.#batch = undefined;
  }

  /** Ends a loss once there is room for many events, so that an outage is one loss and not many.
   * @returns what was lost */
  resume(): Range | undefined {
    const { room } = this.#setting;
    const loss = this.#loss;
    if (!loss || this.#waiting > (room.limit - room.used) / 2) return undefined;
    this.#loss = undefined;
    this.#note({ record: 'lost', ...loss, ...this.#state() });
    if (this.#end) this.#note({ record: 'end', ...this.#end });
    return loss;
  }

  /** Loses the events in the file that is written now, and those on their way to it. */
  startOver(): void {
    const events = this.#parts.reduce((sum, part) => sum + part.events, 0);
    const first = this.#parts.find((part) => part.first)?.first;
    this.#dropAll();
    this.#parts = [];
    if (first) this.#lose({ events, first, last: this.#newest });
  }

  /** Gives up what is not on the disk.
   * @returns all that is being lost now */
  abandon(): Range | undefined {
    const lines = [...(this.#batch?.lines ?? []), ...this.#parts.flatMap((part) => part.lines)];
    const events = lines.filter((line) => !line.startsWith(RECORD));
    this.#dropAll();
    const [line] = events;
    if (line) this.#lose({ events: events.length, first: JSON.parse(line) as Stamp, last: this.#newest });
    const loss = this.#loss;
    this.#loss = undefined;
    return loss;
  }

  #read(event: JournalEvent, lane: RecordedLane): void {
    if (event.type === 'clock.changed') this.#clock = { mode: event.mode, speed: event.speed };
    else if (event.type === 'scenario.loaded') this.#readCase(lane);
    if (this.#loss || !this.#put(`${JSON.stringify(event)}\n`, event))
      this.#lose({ events: 1, first: event, last: event });
  }

  /** Before the event that says so, for with that the judging begins. */
  #readCase(lane: RecordedLane): void {
    const { scenario, seed } = lane;
    const { name, text } = this.#case.scenario;
    if (this.#case.seed === seed && text === scenario.source && name === scenario.name) return;
    this.#case = caseOf(lane);
    this.#note({ record: 'case', ...this.#case });
  }

  /** What a loss swallows is said again after it. */
  #note(record: RecordingRecord): void {
    if (!this.#loss) this.#put(`${JSON.stringify(record)}\n`);
  }

  /** @param event left out: the line is none, and there is always room for it
   * @returns whether there was room */
  #put(line: string, event?: JournalEvent): boolean {
    const { room, fileBytes, onLine } = this.#setting;
    const bytes = Buffer.byteLength(line);
    if (event && this.#waiting + bytes > room.limit - room.used) return false;
    let part = this.#parts.at(-1);
    if (!part || part.bytes + bytes > fileBytes) part = this.#nextPart();
    part.lines.push(line);
    part.bytes += bytes;
    this.#take(bytes);
    if (event) {
      part.events++;
      part.first ??= { seq: event.seq, at: event.at };
      this.#newest = event;
    }
    onLine();
    return true;
  }

  #nextPart(): Part {
    const number = ++this.#partNumber;
    const begun = new Date(realTime.wallNow()).toISOString();
    const form = { format: FORMAT, version: FORMAT_VERSION, server } as const;
    const header: RecordingRecord = {
      record: 'header',
      ...form,
      ...{ lane: this.id, part: number, begun },
      ...this.#state(),
    };
    const line = `${JSON.stringify(header)}\n`;
    const bytes = Buffer.byteLength(line);
    this.#take(bytes);
    const part = { number, lines: [line], bytes, events: 0, first: undefined };
    this.#parts.push(part);
    return part;
  }

  #state(): RecordedState {
    return { case: this.#case, clock: this.#clock, ...(this.#judged && { judged: this.#judged }) };
  }

  #lose({ events, first, last }: { readonly events: number; readonly first: Stamp; readonly last: Stamp }): void {
    this.#lost += events;
    const before = this.#loss;
    this.#loss = {
      events: events + (before?.events ?? 0),
      firstSeq: Math.min(first.seq, before?.firstSeq ?? first.seq),
      lastSeq: Math.max(last.seq, before?.lastSeq ?? last.seq),
      firstAt: Math.min(first.at, before?.firstAt ?? first.at),
      lastAt: Math.max(last.at, before?.lastAt ?? last.at),
    };
    if (!before) this.#setting.onLoss();
  }

  #dropAll(): void {
    this.#take(-this.#waiting);
    this.#batch = undefined;
    for (const part of this.#parts) part.lines = [];
  }

  #take(bytes: number): void {
    this.#waiting += bytes;
    this.#setting.room.used += bytes;
  }
}

function caseOf({ scenario: { name, profile, source: text }, seed }: RecordedLane): RecordedCase {
  return { scenario: { name, profile, text }, seed, expect: [...readExpected(text)] };
}

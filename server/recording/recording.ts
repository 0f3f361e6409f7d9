import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers';
import { problem, UsageError } from '../errors.ts';
import { whyRefused } from '../files.ts';
import type { Journal, JournalEvent } from '../journal.ts';
import { MAIN_LANE, type Range } from './format.ts';
import { claimFolder, FileGoneError, isTaken, LaneFolder, makeFolder } from './lane-folder.ts';
import { type RecordedLane, Recorder, type Room } from './recorder.ts';

/** A file of this size is the last that is written to; 300,000 events or so. */
export const FILE_BYTES = 64 * 1_048_576;
/** How many files of a lane are kept: 1 GiB, or about 5 million events. */
export const DEFAULT_FILES = 16;
/** How many recordings of lanes that are over are kept. */
const MAX_ENDED_LANES = 1_000;
/** How much may wait for the disk, over all lanes; of one lane, half of it. */
const ROOM_BYTES = 64 * 1_048_576;
/** With less than this left to write, more is awaited. */
const LITTLE_BYTES = 262_144;

// All in real time.
/** How long lines wait for others that go with them. */
const GATHER_MS = 50;
const RETRY_MS = 1_000;
/** How long a folder may take to be opened. */
const OPEN_MS = 5_000;
/** How long the last lines may take when the recording is closed. */
const CLOSE_MS = 500;

const TOO_FAST = 'events come faster than they are written';

export interface RecordingSetting {
  readonly folder: string;
  readonly files?: number | undefined;
  readonly fileBytes?: number;
  readonly roomBytes?: number;
  readonly retryMs?: number;
  readonly endedLanes?: number;
  /** Makes what writes a lane's files; a test hands in one that hangs. */
  readonly openFolder?: (path: string, files: number) => Files;
}

/** What writes the files of a lane. */
export type Files = Pick<LaneFolder, 'path' | 'append' | 'close' | 'remove'>;

/** A lane, and where it is recorded. */
interface Track {
  readonly recorder: Recorder;
  files: Files | undefined;
  failing: boolean;
  /** It has failed, and is tried again later. */
  resting: boolean;
}

/** Records the journals of a server's lanes. The server never waits for it: events wait in memory,
 * within limits, and one operation at a time is under way, so that a disk that hangs holds one of
 * Node's few threads and not all of them. */
export class Recording {
  readonly #setting: RecordingSetting;
  /** Where failures are noted. */
  readonly #journal: Journal;
  readonly #room: Room;
  readonly #tracks = new Set<Track>();
  /** What ends the recording of each lane that is open. */
  readonly #ends = new Map<RecordedLane, () => void>();
  /** Of lanes that are over, the oldest first. */
  readonly #ended: Files[] = [];
  #lostOfEnded = 0;
  #working: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #open = false;
  #closing = false;
  /** What a server that cannot start takes away again. */
  readonly #made: string[] = [];

  private constructor(journal: Journal, setting: RecordingSetting) {
    this.#journal = journal;
    this.#setting = setting;
    this.#room = { used: 0, limit: setting.roomBytes ?? ROOM_BYTES };
  }

  /** Claims a folder, which is made if it is not there, and begins to record the main lane in it.
   * @param main its journal is where failures are noted
   * @throws UsageError RECORDING_EXISTS when there is a recording in it, FOLDER_UNWRITABLE */
  static async start(main: RecordedLane, setting: RecordingSetting): Promise<Recording> {
    const recording = new Recording(main.journal, setting);
    const { folder } = setting;
    const refuse = (reason: string) => new UsageError([problem('FOLDER_UNWRITABLE', { folder, reason })]);
    try {
      if (await within(OPEN_MS, recording.#begin(main))) return recording;
    } catch (error) {
      await recording.close();
      await recording.discard();
      throw error instanceof UsageError ? error : refuse(whyRefused(error));
    }
    throw refuse(`it took more than ${OPEN_MS} ms`);
  }

  /** How many events of all lanes are not in the recording. */
  get lost(): number {
    return [...this.#tracks].reduce((sum, { recorder }) => sum + recorder.lost, this.#lostOfEnded);
  }

  /** Records a lane besides the main one, from its first event on. */
  follow(lane: RecordedLane): void {
    this.#follow(lane);
  }

  /** Records no more of a lane. */
  end(lane: RecordedLane): void {
    this.#ends.get(lane)?.();
    this.#ends.delete(lane);
    this.#wake();
  }

  /** Writes what is left, with one try and within 500 ms; the rest is lost. */
  async close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#timer);
    for (const end of this.#ends.values()) end();
    for (const track of this.#tracks) track.resting = false;
    const done = await within(CLOSE_MS, this.#drain());
    for (const track of this.#tracks) this.#noteLoss(track, track.recorder.abandon());
    // What hangs is left to itself.
    if (done) await Promise.all([...this.#tracks].map(({ files }) => files?.close()));
  }

  /** Removes what a server that could not start has left. */
  async discard(): Promise<void> {
    for (const path of this.#made) await rm(path, { recursive: true, force: true });
  }

  async #begin(main: RecordedLane): Promise<true> {
    const { folder } = this.#setting;
    const made = await makeFolder(folder);
    const path = join(folder, MAIN_LANE);
    await mkdir(path).catch((error: unknown) => {
      throw isTaken(error) ? new UsageError([problem('RECORDING_EXISTS', { folder })]) : error;
    });
    this.#made.push(made ?? path);
    const { recorder, files } = this.#follow(main, this.#openFiles(path));
    const batch = recorder.take();
    if (batch) await files?.append(batch.part, batch.bytes);
    recorder.done();
    this.#open = true;
    this.#wake();
    return true;
  }

  #follow(lane: RecordedLane, files?: Files): Track {
    const { fileBytes = FILE_BYTES } = this.#setting;
    let track: Track | undefined;
    const recorder = new Recorder(lane, {
      room: this.#room,
      fileBytes,
      onLine: () => this.#wake(),
      // Not now: others that read the journal have not yet heard of the event that is lost.
      onLoss: () => queueMicrotask(() => track && this.#noteFailure(track, TOO_FAST)),
    });
    track = { recorder, files, failing: false, resting: false };
    this.#tracks.add(track);
    this.#ends.set(lane, () => recorder.end(lane.journal.moment));
    return track;
  }

  async #drain(): Promise<true> {
    await this.#working;
    await this.#work();
    return true;
  }

  /** Lines wait a moment for others that are written with them. */
  #wake(): void {
    if (!this.#open || this.#timer || this.#working || this.#closing) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#working = this.#work().finally(() => {
        this.#working = undefined;
        if (this.#due().length > 0) this.#wake();
      });
    }, GATHER_MS).unref();
  }

  #due(): readonly Track[] {
    return [...this.#tracks].filter(({ recorder, resting }) => recorder.isBehind && !resting);
  }

  /** Writes a batch of each lane in turn, until little is left. */
  async #work(): Promise<void> {
    do {
      for (const track of this.#due()) await this.#write(track);
      for (const track of this.#tracks) this.#noteLoss(track, track.recorder.resume());
    } while (this.#due().length > 0 && (this.#closing || this.#room.used > LITTLE_BYTES));
  }

  async #write(track: Track): Promise<void> {
    const { recorder } = track;
    const batch = recorder.take();
    if (!batch) return;
    try {
      track.files ??= await this.#openLane(recorder.id);
      await track.files.append(batch.part, batch.bytes);
      recorder.done();
      track.failing = false;
      if (recorder.isComplete) await this.#finish(track);
    } catch (error) {
      this.#recover(track, error);
    }
  }

  async #openLane(id: string): Promise<Files> {
    const { folder } = this.#setting;
    await makeFolder(folder);
    return this.#openFiles(await claimFolder(folder, id));
  }

  #openFiles(path: string): Files {
    const { files = DEFAULT_FILES, openFolder = (at, kept) => new LaneFolder(at, kept) } = this.#setting;
    return openFolder(path, files);
  }

  #recover(track: Track, error: unknown): void {
    if (error instanceof FileGoneError) {
      this.#noteFailure(track, error.message);
      track.recorder.startOver();
      return;
    }
    this.#noteFailure(track, whyRefused(error));
    track.resting = true;
    if (this.#closing) return;
    const { retryMs = RETRY_MS } = this.#setting;
    setTimeout(() => {
      track.resting = false;
      this.#wake();
    }, retryMs).unref();
  }

  async #finish(track: Track): Promise<void> {
    this.#tracks.delete(track);
    this.#lostOfEnded += track.recorder.lost;
    if (!track.files) return;
    await track.files.close();
    if (track.recorder.id === MAIN_LANE) return;
    this.#ended.push(track.files);
    if (this.#ended.length > (this.#setting.endedLanes ?? MAX_ENDED_LANES)) await this.#ended.shift()?.remove();
  }

  #noteFailure(track: Track, reason: string): void {
    if (track.failing) return;
    track.failing = true;
    this.#journal.append({ type: 'recording.failed', ...this.#placeOf(track), reason });
  }

  #noteLoss(track: Track, loss: Range | undefined): void {
    if (loss) this.#journal.append({ type: 'recording.lost', ...this.#placeOf(track), ...loss });
  }

  #placeOf({ recorder, files }: Track): Pick<JournalEvent<'recording.failed'>, 'lane' | 'folder'> {
    return { lane: recorder.id, folder: files?.path ?? this.#setting.folder };
  }
}

/** What comes of `work`, or undefined if that takes longer. */
async function within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

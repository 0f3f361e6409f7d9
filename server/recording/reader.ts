import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { problem, reasonOf, UsageError } from '../errors.ts';
import { whyRefused } from '../files.ts';
import type { JournalEvent } from '../journal.ts';
import { anyHeaderSchema, FILE_NAME, FORMAT_VERSION, RECORD, type RecordingRecord, recordSchema } from './format.ts';
import { readLines } from './lines.ts';

/** A line of a recording. */
export type Line =
  | { readonly kind: 'event'; readonly event: JournalEvent }
  | { readonly kind: 'record'; readonly record: RecordingRecord }
  /** Neither: `cut` where the writing of the last line was cut short. */
  | { readonly kind: 'unreadable' | 'cut' };

/** What cannot be judged, and why. */
export const unreadable = (path: string, reason: string, hint?: string): UsageError =>
  new UsageError([problem('RECORDING_UNREADABLE', { path, reason, hint })]);

/** Finds the files of a lane, in their order.
 * @param folder what `--record` was given, or the folder of a lane in it
 * @throws UsageError RECORDING_UNREADABLE when there is no recording, or none of that lane */
export async function findFiles(folder: string, lane: string): Promise<readonly string[]> {
  const own = await filesIn(folder);
  if (own.length > 0) return own;
  const found = await filesIn(join(folder, lane)).catch(() => []);
  if (found.length > 0) return found;
  const lanes = await lanesIn(folder);
  if (lanes.length === 0) throw unreadable(folder, 'there is no recording in it');
  throw unreadable(folder, `it has no lane "${lane}"`, `Name one of its lanes with --lane: ${lanes.join(', ')}.`);
}

/** How many lanes are named in a hint. */
const LANES_NAMED = 20;

async function lanesIn(folder: string): Promise<readonly string[]> {
  const lanes: string[] = [];
  for (const { name } of await readdir(folder, { withFileTypes: true })) {
    const files = await filesIn(join(folder, name)).catch(() => []);
    if (files.length > 0) lanes.push(name);
    if (lanes.length > LANES_NAMED) return [...lanes.slice(0, LANES_NAMED), '...'];
  }
  return lanes;
}

async function filesIn(folder: string): Promise<readonly string[]> {
  try {
    const names = (await readdir(folder)).filter((name) => FILE_NAME.test(name));
    return names.toSorted((a, b) => partOf(a) - partOf(b)).map((name) => join(folder, name));
  } catch (error) {
    throw unreadable(folder, whyRefused(error));
  }
}

const partOf = (name: string): number => Number(FILE_NAME.exec(name)?.[1]);

/** Reads a file line by line; the first is its header.
 * @param wanted `records` leaves out all events but the last one of each chunk
 * @throws UsageError RECORDING_UNREADABLE for a file that is no recording, or of a newer format */
export async function* readFile(path: string, wanted: 'all' | 'records' = 'all'): AsyncGenerator<readonly Line[]> {
  let isFirst = true;
  try {
    for await (const { lines, cut } of readLines(path)) {
      if (isFirst && lines[0] !== undefined) requireHeader(path, lines[0]);
      if (lines.length > 0) isFirst = false;
      const chosen = wanted === 'all' ? lines : leaveLastEvent(lines);
      yield cut === undefined ? chosen.map(readLine) : [{ kind: 'cut' }];
    }
  } catch (error) {
    throw error instanceof UsageError ? error : unreadable(path, whyRefused(error));
  }
}

function leaveLastEvent(lines: readonly string[]): readonly string[] {
  const last = lines.findLastIndex((line) => !line.startsWith(RECORD));
  return lines.filter((line, index) => index === last || line.startsWith(RECORD));
}

function readLine(text: string): Line {
  const value = parse(text);
  if (typeof value !== 'object' || value === null) return { kind: 'unreadable' };
  if (isEvent(value)) return { kind: 'event', event: value };
  const { success, data } = recordSchema.safeParse(value);
  return success ? { kind: 'record', record: data } : { kind: 'unreadable' };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** By what each event has. The rest is as the version that wrote it had it. */
const isEvent = (value: object): value is JournalEvent =>
  'type' in value &&
  typeof value.type === 'string' &&
  'seq' in value &&
  Number.isSafeInteger(value.seq) &&
  'at' in value &&
  typeof value.at === 'number';

/** @throws UsageError RECORDING_UNREADABLE */
function requireHeader(path: string, text: string): void {
  const line = readLine(text);
  if (line.kind === 'record' && line.record.record === 'header') return;
  const { success, data } = anyHeaderSchema.safeParse(parse(text));
  if (!success) throw unreadable(path, 'its first line is not the header of a recording');
  const { version, server } = data;
  if (version === FORMAT_VERSION) throw unreadable(path, 'its header is damaged');
  const reason = `it has format ${version}, of seedance-mock ${server}, and this version reads format ${FORMAT_VERSION}`;
  throw unreadable(path, reason, `Judge it with seedance-mock ${server}.`);
}

/** What goes wrong when events or checks are not as this version knows them. */
export function unjudgeable(path: string, server: string, error: unknown): UsageError {
  const reason = error instanceof UsageError ? error.problems[0]?.message : reasonOf(error);
  return unreadable(path, `this version cannot judge it (${reason})`, `Judge it with seedance-mock ${server}.`);
}

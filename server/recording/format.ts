import { z } from 'zod';
import { resetFidelities } from '../verdict/bench.ts';

/** The format of a recording: a folder for each lane, in it files of lines (NDJSON). A line is an
 * event as the journal has it, with `type`, `seq` and `at`, or a record of the recording itself,
 * with `record` as its first key. The first line of each file is a record `header`, so that the
 * file can be judged without the ones before it. */
export const FORMAT = 'seedance-mock recording';
export const FORMAT_VERSION = 1;

/** The first characters of a line that is no event. */
export const RECORD = '{"record":';

export const MAIN_LANE = 'main';

/** `events-000001.ndjson`: the files of a lane, in the order of their names. */
export const fileName = (part: number): string => `events-${String(part).padStart(6, '0')}.ndjson`;
export const FILE_NAME = /^events-(\d{6,})\.ndjson$/;

const count = z.int().min(0);

/** What is judged, and by what. */
const caseSchema = z.object({
  scenario: z.object({ name: z.string(), profile: z.string(), text: z.string() }),
  seed: z.int(),
  /** The items under `expect:`, as they stand there. */
  expect: z.array(z.unknown()),
});
export type RecordedCase = z.output<typeof caseSchema>;

const clockSchema = z.object({ mode: z.enum(['real', 'manual']), speed: z.number() });

/** A verdict: the newest event, the moment, and how a reset arrives at the client. */
const momentSchema = z.object({ seq: count, at: z.number(), realAt: z.number().optional() });
const judgingSchema = z.object({
  ...momentSchema.shape,
  resets: z.enum(resetFidelities),
  running: z.boolean().optional(),
});
export type Judging = z.output<typeof judgingSchema>;

/** What was so at a place in the recording. */
const stateSchema = z.object({ case: caseSchema, clock: clockSchema, judged: judgingSchema.optional() });
export type RecordedState = z.output<typeof stateSchema>;

/** A range of events, with the lane times of its first and its last. */
const rangeSchema = z.object({
  events: count,
  firstSeq: count,
  lastSeq: count,
  firstAt: z.number(),
  lastAt: z.number(),
});
export type Range = z.output<typeof rangeSchema>;

const headerSchema = z.object({
  record: z.literal('header'),
  format: z.literal(FORMAT),
  version: z.literal(FORMAT_VERSION),
  server: z.string(),
  lane: z.string(),
  part: z.int().min(1),
  /** When it was begun, in real time. */
  begun: z.string(),
  ...stateSchema.shape,
});
export type Header = z.output<typeof headerSchema>;

export const recordSchema = z.discriminatedUnion('record', [
  headerSchema,
  /** Another scenario came into force; its event `scenario.loaded` follows. */
  z.object({ record: z.literal('case'), ...caseSchema.shape }),
  z.object({ record: z.literal('judged'), ...judgingSchema.shape }),
  /** These events are not in the recording; among them may be others that changed the state. */
  z.object({ record: z.literal('lost'), ...rangeSchema.shape, ...stateSchema.shape }),
  /** The last line of a recording that was brought to its end. */
  z.object({ record: z.literal('end'), ...momentSchema.shape }),
]);
export type RecordingRecord = z.output<typeof recordSchema>;

/** What every version of the format can be known by. */
export const anyHeaderSchema = z.object({
  record: z.literal('header'),
  format: z.literal(FORMAT),
  version: z.int(),
  server: z.string(),
});

import type { Fields } from './fields.ts';
import { shapeOf } from './result-shape.ts';
import { countTokens, FRAMES_PER_SECOND } from './sizes.ts';
import type { Task, TaskError, TaskStatus } from './task.ts';
import { toSeconds } from './timestamps.ts';

/** Where the result can be fetched. */
export interface ResultUrls {
  readonly video: string;
  readonly lastFrame: string;
}

/** A task as Get, List and callbacks show it, in the service's own words and order (reference, section 3). */
export interface TaskBody {
  readonly id: string;
  readonly model: string;
  readonly status: TaskStatus;
  readonly content?: { readonly video_url: string; readonly last_frame_url?: string };
  readonly usage?: { readonly completion_tokens: number; readonly total_tokens: number };
  readonly error?: TaskError;
  /** Where the official Go SDK looks for the failure of a listed task (reference, section 4). */
  readonly failure_reason?: TaskError;
  readonly created_at: number;
  readonly updated_at: number;
  readonly seed?: number;
  readonly resolution?: string;
  readonly ratio?: string;
  readonly duration?: number;
  readonly frames?: number;
  readonly framespersecond?: number;
  readonly service_tier: string;
  readonly execution_expires_after: number;
  readonly generate_audio: boolean;
  readonly draft: boolean;
  readonly priority: number;
  readonly draft_task_id?: string;
  readonly safety_identifier?: string;
  readonly tools?: NonNullable<Fields['tools']>;
  readonly output_format?: string;
}

/** Input is not fetched, so each reference video counts as this long. */
const ASSUMED_INPUT_SECONDS = 5;

/** The fields that only a succeeded task has. */
function describeResult(task: Task, urls: ResultUrls) {
  const { settings, chosen } = task;
  const { seed, length } = chosen;
  const { referenceVideos, returnLastFrame } = settings;
  const { resolution, ratio } = shapeOf(task);
  // One more than the file has: what the service counts (reference, section 11).
  const frames = 'frames' in length ? length.frames : FRAMES_PER_SECOND * length.seconds + 1;
  const inputFrames = FRAMES_PER_SECOND * ASSUMED_INPUT_SECONDS * referenceVideos;
  const tokens = countTokens(resolution, ratio, frames + inputFrames);
  return {
    head: {
      content: { video_url: urls.video, ...(returnLastFrame && { last_frame_url: urls.lastFrame }) },
      usage: { completion_tokens: tokens, total_tokens: tokens },
    },
    tail: {
      seed,
      resolution,
      ratio,
      ...('frames' in length ? { frames: length.frames } : { duration: length.seconds }),
      framespersecond: FRAMES_PER_SECOND,
    },
  };
}

/** The body of a task as Get answers it. */
export function describeTask(task: Task, urls: ResultUrls): TaskBody {
  const { id, status, settings, error, createdAtMs, updatedAtMs } = task;
  const { draftTaskId, safetyIdentifier, tools, outputFormat } = settings;
  const result = status === 'succeeded' ? describeResult(task, urls) : undefined;
  return {
    id,
    model: settings.model.id,
    status,
    ...result?.head,
    ...(error && { error }),
    created_at: toSeconds(createdAtMs),
    updated_at: toSeconds(updatedAtMs),
    ...result?.tail,
    service_tier: settings.serviceTier,
    execution_expires_after: settings.expiresAfterSeconds,
    generate_audio: settings.generateAudio,
    draft: settings.draft,
    priority: settings.priority,
    ...(draftTaskId !== undefined && { draft_task_id: draftTaskId }),
    ...(safetyIdentifier !== undefined && { safety_identifier: safetyIdentifier }),
    ...(tools && { tools }),
    ...(outputFormat !== undefined && { output_format: outputFormat }),
  };
}

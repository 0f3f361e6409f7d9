import { z } from 'zod';
import { shapeOf } from './result-shape.ts';
import { countTokens, FRAMES_PER_SECOND } from './sizes.ts';
import { type Task, taskStatuses } from './task.ts';
import { toSeconds } from './timestamps.ts';

/** Where the result can be fetched. */
export interface ResultUrls {
  readonly video: string;
  readonly lastFrame: string;
}

const errorSchema = z.object({ code: z.string(), message: z.string() }).describe('Why it failed.');

/** A task as Get, List and callbacks show it, in the service's own words and order (reference, section 3). */
export const taskBodySchema = z
  .object({
    id: z.string().describe('As in `cgt-20260521225953-zr48p`.'),
    model: z.string().describe('`{name}-{version}` of the model really used, also when an `ep-…` id was sent.'),
    status: z.enum(taskStatuses).describe('The last four are final.'),
    content: z
      .object({
        video_url: z.string().describe('Signed; any GET works for 24 h.'),
        last_frame_url: z.string().optional().describe('With `return_last_frame`.'),
      })
      .optional()
      .describe('When it succeeded.'),
    usage: z
      .object({
        completion_tokens: z.int().describe('`width × height × (24 × seconds + 1) ÷ 1024`, rounded down.'),
        total_tokens: z.int().describe('As many as `completion_tokens`.'),
        tool_usage: z.object({ web_search: z.int() }).optional().describe('Only if the tool ran.'),
      })
      .optional()
      .describe('When it succeeded.'),
    error: errorSchema.optional().describe('Why it failed; a failed task is answered with 200 too.'),
    failure_reason: errorSchema
      .optional()
      .describe('The same once more, on failed items of List: where the Go SDK looks.'),
    created_at: z.int().describe('Unix seconds.'),
    updated_at: z.int().describe('Unix seconds, of the last change of status.'),
    seed: z.int().optional().describe('The seed used, also when none was sent.'),
    resolution: z.string().optional().describe('`480p` `720p` `1080p` `4k`.'),
    ratio: z.string().optional().describe("The result's: `adaptive` is replaced by what was chosen."),
    duration: z.int().optional().describe('Whole seconds; it or `frames`.'),
    frames: z.int().optional().describe('In place of `duration` where the request asked for frames.'),
    framespersecond: z.int().optional().describe('24.'),
    service_tier: z.string().describe('`default`, or `flex` on 1.x.'),
    execution_expires_after: z.int().describe('Seconds since `created_at`.'),
    generate_audio: z.boolean().describe('Whether the video has sound.'),
    draft: z.boolean().describe('Whether it is a draft, to make a final version of with `draft_task`.'),
    priority: z.int().describe('0 to 9, within the queue; it may differ from the request.'),
    draft_task_id: z.string().optional().describe('The draft that it was made from.'),
    safety_identifier: z.string().optional().describe('As sent.'),
    tools: z
      .array(z.object({ type: z.literal('web_search') }))
      .optional()
      .describe('As sent.'),
    output_format: z.string().optional().describe('`mp4` or `mov`, on 2.5.'),
  })
  .meta({ id: 'Task' });
export type TaskBody = Readonly<z.output<typeof taskBodySchema>>;

/** The answer of List (reference, section 4). */
export const taskListSchema = z
  .object({
    total: z.int().describe('All that match, not the page alone.'),
    items: z.array(taskBodySchema).describe('One page, newest first.'),
  })
  .meta({ id: 'TaskList' });

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
      usage: {
        completion_tokens: tokens,
        total_tokens: tokens,
        ...(settings.tools && settings.tools.length > 0 && { tool_usage: { web_search: settings.tools.length } }),
      },
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
    ...(tools && { tools: [...tools] }),
    ...(outputFormat !== undefined && { output_format: outputFormat }),
  };
}

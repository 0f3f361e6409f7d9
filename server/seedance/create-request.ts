import { readContent } from './content.ts';
import { type ContentItem, readShape } from './create-shape.ts';
import { ArkError, invalid } from './errors.ts';
import { checkFields, type Fields, readResolution } from './fields.ts';
import { findModel, type Mode, type Model, type Resolution } from './models.ts';
import { readPromptFlags } from './prompt-flags.ts';
import { isRatio, type Ratio } from './sizes.ts';

/** How long the result is to be; exactly one of the two counts (reference, section 3). */
export type Length = { readonly seconds: number } | { readonly frames: number };

/** What a task is to make, with every default filled in. The prompt is not kept: it may be megabytes long. */
export interface TaskSettings {
  readonly model: Model;
  /** As the request named it: a model id or `ep-…`. */
  readonly requestedModel: string;
  readonly mode: Mode;
  readonly resolution: Resolution;
  readonly ratio: Ratio | 'adaptive';
  /** `seconds: -1` leaves the choice to the model. */
  readonly length: Length;
  /** -1 leaves the choice to the model. */
  readonly seed: number;
  readonly generateAudio: boolean;
  readonly draft: boolean;
  readonly returnLastFrame: boolean;
  readonly serviceTier: 'default' | 'flex';
  readonly expiresAfterSeconds: number;
  readonly priority: number;
  readonly referenceVideos: number;
  readonly draftTaskId: string | undefined;
  readonly callbackUrl: string | undefined;
  readonly safetyIdentifier: string | undefined;
  readonly tools: Fields['tools'];
  readonly outputFormat: string | undefined;
  /** What a model that knows several is to take the request for. */
  readonly omniTask?: string | undefined;
}

/** A create request that has been checked; nobody checks it again. */
export interface CreateRequest {
  readonly content: readonly ContentItem[];
  readonly prompt: string;
  readonly settings: TaskSettings;
}

const DEFAULT_EXPIRES_AFTER_SECONDS = 172_800;

function chooseModel(body: unknown): { model: Model; requestedModel: string } {
  if (body !== undefined && (typeof body !== 'object' || body === null || Array.isArray(body))) {
    throw invalid('', 'the request body must be a JSON object');
  }
  const requestedModel = (body as { model?: unknown } | undefined)?.model ?? '';
  if (requestedModel === '') throw new ArkError('MissingParameter', { param: 'model' });
  if (typeof requestedModel !== 'string') throw invalid('model', `expected string but got ${typeof requestedModel}`);
  return { model: findModel(requestedModel), requestedModel };
}

function chooseResolution({ resolution, draft }: Fields, model: Model, mode: Mode): Resolution {
  const chosen = resolution === undefined ? undefined : readResolution(resolution);
  if (!draft) return chosen ?? '720p';
  if (chosen !== undefined && chosen !== '480p') {
    const reason = `the parameter resolution specified in the request is not valid for model ${model.name} in ${mode}`;
    throw invalid('resolution', `${reason}, a draft is 480p`);
  }
  return '480p';
}

/**
 * Checks a create request and fills in what it leaves out. The model comes first: nothing else can be judged without.
 * @throws ArkError with the code, `param` and sentence of the reference, section 2.3
 */
export function readCreateRequest(body: unknown): CreateRequest {
  const { model, requestedModel } = chooseModel(body);
  const shape = readShape(body);
  const { mode, prompt, referenceVideos, draftTaskId } = readContent(shape.content, model);
  checkFields(shape, model, mode);
  const fields: Fields = { ...readPromptFlags(prompt, model, mode), ...shape };
  const { ratio = 'adaptive', frames, duration = model.seconds.default } = fields;
  return {
    content: shape.content,
    prompt,
    settings: {
      model,
      requestedModel,
      mode,
      resolution: chooseResolution(fields, model, mode),
      ratio: isRatio(ratio) ? ratio : 'adaptive',
      length: frames === undefined ? { seconds: duration } : { frames },
      seed: fields.seed ?? -1,
      generateAudio: fields.generate_audio ?? true,
      draft: fields.draft ?? false,
      returnLastFrame: fields.return_last_frame ?? false,
      serviceTier: fields.service_tier === 'flex' ? 'flex' : 'default',
      expiresAfterSeconds: fields.execution_expires_after ?? DEFAULT_EXPIRES_AFTER_SECONDS,
      priority: model.priority === 'ignored' ? 0 : (fields.priority ?? 0),
      referenceVideos,
      draftTaskId,
      callbackUrl: fields.callback_url,
      safetyIdentifier: fields.safety_identifier,
      tools: fields.tools,
      ...(fields.omni_reference_task_type !== undefined && { omniTask: fields.omni_reference_task_type }),
      outputFormat: fields.output_format ?? (model.hasOmniTasks ? 'mp4' : undefined),
    },
  };
}

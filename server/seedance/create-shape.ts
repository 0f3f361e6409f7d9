import { z } from 'zod';
import { ArkError, invalid } from './errors.ts';

const url = z.object({ url: z.string().min(1) });
const role = z.string().optional();

const itemSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('image_url'), image_url: url, role }),
  z.object({ type: z.literal('video_url'), video_url: url, role }),
  z.object({ type: z.literal('audio_url'), audio_url: url, role }),
  z.object({ type: z.literal('draft_task'), draft_task: z.object({ id: z.string().min(1) }) }),
]);

/** The JSON types of a create request; what the values may be depends on the model (reference, section 2.1). */
const createSchema = z.object({
  model: z.string(),
  content: z.array(itemSchema).min(1),
  resolution: z.string().optional(),
  ratio: z.string().optional(),
  duration: z.int().optional(),
  frames: z.int().optional(),
  seed: z.int().optional(),
  camera_fixed: z.boolean().optional(),
  watermark: z.boolean().optional(),
  generate_audio: z.boolean().optional(),
  draft: z.boolean().optional(),
  return_last_frame: z.boolean().optional(),
  service_tier: z.string().optional(),
  execution_expires_after: z.int().optional(),
  priority: z.int().optional(),
  callback_url: z.string().optional(),
  safety_identifier: z.string().optional(),
  tools: z.array(z.object({ type: z.literal('web_search') })).optional(),
  output_format: z.string().optional(),
  omni_reference_task_type: z.string().optional(),
});

export type ContentItem = Readonly<z.output<typeof itemSchema>>;
export type CreateShape = Readonly<z.output<typeof createSchema>>;

const SUPPORTED_TYPES = '`text`, `image_url`, `audio_url`, `video_url`, `draft_task`';

/** The official Python SDK sends what was not set as `null` (reference, section 2.1). */
function dropNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(dropNulls);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(kept.map(([key, member]) => [key, dropNulls(member)]));
}

const renderPath = (path: readonly PropertyKey[]): string =>
  path.map((key, at) => (typeof key === 'number' ? `[${key}]` : `${at ? '.' : ''}${String(key)}`)).join('');

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function toArkError({ path, ...issue }: z.core.$ZodIssue): ArkError {
  const param = renderPath(path);
  if (issue.code === 'invalid_union' && typeof issue.input === 'object') {
    const given = (issue.input as { type?: unknown }).type;
    if (given === undefined) return new ArkError('MissingParameter', { param });
    return invalid('content', `content type ${given} is not supported, supported types are ${SUPPORTED_TYPES}`);
  }
  if (issue.input === undefined || issue.code === 'too_small') return new ArkError('MissingParameter', { param });
  switch (issue.code) {
    case 'invalid_type': {
      // Every number of this API is an integer.
      const expected = /^(?:int|number)$/.test(issue.expected) ? 'integer' : issue.expected;
      return invalid(param, `expected ${expected} but got ${typeOf(issue.input)}`);
    }
    case 'invalid_value':
      return invalid(param, `expected ${issue.values.join(' or ')} but got ${issue.input}`);
    default:
      return invalid(param, issue.message);
  }
}

/**
 * Checks the JSON types of a create request, with every `null` taken for absent and unknown fields left out.
 * @throws ArkError for the first field that is missing or of the wrong type
 */
export function readShape(body: unknown): CreateShape {
  const { data, error } = createSchema.safeParse(dropNulls(body ?? {}), { reportInput: true });
  if (data) return data;
  const [first] = error.issues;
  throw first ? toArkError(first) : invalid('', error.message);
}

import { z } from 'zod';
import { ArkError, invalid } from './errors.ts';

const url = (from: string) => z.object({ url: z.string().min(1).describe(from) });
const role = (roles: string) => z.string().optional().describe(roles);
const INLINE = 'A web URL, `asset://<ID>`, or base64 as in';

const itemSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text: z.string().describe('The prompt; required where there are no media.') }),
  z.object({
    type: z.literal('image_url'),
    image_url: url(`${INLINE} \`data:image/png;base64,…\`.`),
    role: role('`first_frame` (of a single image, unless it says otherwise), `last_frame` or `reference_image`.'),
  }),
  z.object({
    type: z.literal('video_url'),
    video_url: url('A web URL or `asset://<ID>`.'),
    role: role('`reference_video`.'),
  }),
  z.object({
    type: z.literal('audio_url'),
    audio_url: url(`${INLINE} \`data:audio/wav;base64,…\`.`),
    role: role('`reference_audio`; never the only reference.'),
  }),
  z.object({
    type: z.literal('draft_task'),
    draft_task: z.object({ id: z.string().min(1).describe('Of a draft that has succeeded; 2.5 and 1.5 pro.') }),
  }),
]);

/** A whole number, also one too large to count to exactly: the range is the model's to judge, in the service's words. */
const integer = () =>
  z
    .number()
    .refine(Number.isInteger, { error: 'expected integer but got number' })
    .meta({ override: { type: 'integer' } });

/** What a create request is told when it is taken. */
export const createdSchema = z.object({ id: z.string().describe('Of the task: `cgt-…`.') }).meta({ id: 'Created' });

/** The JSON types of a create request; what the values may be depends on the model (reference, section 2.1). */
export const createSchema = z
  .object({
    model: z.string().describe('A model id, or an endpoint `ep-…` bound to one.'),
    content: z.array(itemSchema).min(1).describe('Text and media; the roles of the media decide the mode.'),
    resolution: z
      .string()
      .optional()
      .describe('`480p` `720p`, and on the base models `1080p` `4k`; case does not matter.'),
    ratio: z.string().optional().describe('`16:9` `4:3` `1:1` `3:4` `9:16` `21:9` `adaptive`.'),
    duration: integer().optional().describe('Seconds, 4 to 15 on 2.0; -1 leaves it to the model.'),
    frames: integer().optional().describe('25+4n from 29 to 289, on 1.0 pro; it wins over `duration`.'),
    seed: integer().optional().describe('-1 leaves it to the model.'),
    camera_fixed: z.boolean().optional().describe('1.x only.'),
    watermark: z.boolean().optional().describe('Default false.'),
    generate_audio: z.boolean().optional().describe('Default true.'),
    draft: z.boolean().optional().describe('2.5 and 1.5 pro, at 480p.'),
    return_last_frame: z.boolean().optional().describe('Default false.'),
    service_tier: z.string().optional().describe('`default`, or `flex` on 1.x.'),
    execution_expires_after: integer().optional().describe('Seconds; default 172800, 259200 at most.'),
    priority: integer().optional().describe('0 to 9, on 2.x.'),
    callback_url: z.string().optional().describe('Told of each new status.'),
    safety_identifier: z.string().optional().describe('64 characters at most.'),
    tools: z
      .array(z.object({ type: z.literal('web_search') }))
      .optional()
      .describe('Tools that the model may use.'),
    output_format: z.string().optional().describe('`mp4` or `mov`, on 2.5.'),
    omni_reference_task_type: z.string().optional().describe('`auto` `reference` `edit` `extend`, on 2.5.'),
  })
  .meta({ id: 'CreateRequest' });

export type ContentItem = Readonly<z.output<typeof itemSchema>>;
export type CreateShape = Readonly<z.output<typeof createSchema>>;

const SUPPORTED_TYPES = '`text`, `image_url`, `audio_url`, `video_url`, `draft_task`';

/** How deep the fields lie that are read: `content`, its items, their `image_url`, its `url`. */
const MAX_FIELD_DEPTH = 4;

/** The official Python SDK sends what was not set as `null` (reference, section 2.1). What lies deeper than any field is left
 * alone: it is of no interest, and JSON nests deeper than a stack is high. */
function dropNulls(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || depth === MAX_FIELD_DEPTH) return value;
  if (Array.isArray(value)) return value.map((member) => dropNulls(member, depth + 1));
  const kept = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(kept.map(([key, member]) => [key, dropNulls(member, depth + 1)]));
}

const renderPath = (path: readonly PropertyKey[]): string =>
  path.map((key, at) => (typeof key === 'number' ? `[${key}]` : `${at ? '.' : ''}${String(key)}`)).join('');

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/** Text as it is; of anything else only the type, as not every object of a client can be made text of. */
const quote = (value: unknown): string => (typeof value === 'string' ? value : typeOf(value));

function toArkError({ path, ...issue }: z.core.$ZodIssue): ArkError {
  const param = renderPath(path);
  if (issue.code === 'invalid_union' && typeof issue.input === 'object') {
    const given = (issue.input as { type?: unknown }).type;
    if (given === undefined) return new ArkError('MissingParameter', { param });
    if (typeof given !== 'string') return invalid(param, `expected string but got ${typeOf(given)}`);
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
      return invalid(param, `expected ${issue.values.join(' or ')} but got ${quote(issue.input)}`);
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

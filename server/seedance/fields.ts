import type { CreateShape } from './create-shape.ts';
import { type ArkError, invalid } from './errors.ts';
import { type Mode, type Model, type Resolution, resolutions } from './models.ts';
import { isRatio } from './sizes.ts';

/** The optional fields of a create request. */
export type Fields = Omit<CreateShape, 'model' | 'content'>;

interface Rule<V> {
  /** Whether the model has the field, or this value of it; left out = every model has it. */
  has?(model: Model, value: V): boolean;
  /** Left out = any value of its type will do. */
  allows?(value: V, model: Model): boolean;
  /** Left out = the sentence that most fields share. */
  sentence?(value: V): string;
}

type Rules = { readonly [K in keyof Fields]-?: Rule<NonNullable<Fields[K]>> };

const within = (value: number, min: number, max: number) => Number.isInteger(value) && value >= min && value <= max;
const oneOf = (value: string, ...known: readonly string[]) => known.includes(value);

export const MAX_EXPIRES_AFTER_SECONDS = 259_200;
const MAX_SAFETY_IDENTIFIER_LENGTH = 64;

/** The resolution a text means, whatever its case. */
export const readResolution = (text: string): Resolution | undefined =>
  resolutions.find((known) => known === text.toLowerCase());

/** What each field may hold on which model (reference, section 2.1). */
const rules: Rules = {
  resolution: {
    allows(value, model) {
      const found = readResolution(value);
      return found !== undefined && model.resolutions.includes(found);
    },
  },
  ratio: { allows: (value) => value === 'adaptive' || isRatio(value) },
  duration: { allows: (value, { seconds }) => value === -1 || within(value, seconds.min, seconds.max) },
  frames: { has: (model) => model.hasFrames, allows: (value) => within(value, 29, 289) && value % 4 === 1 },
  seed: { allows: (value) => within(value, -1, 2 ** 32 - 1) },
  camera_fixed: { has: (model) => model.hasCameraFixed },
  watermark: {},
  generate_audio: {},
  draft: { has: (model) => model.hasDraft },
  return_last_frame: {},
  service_tier: {
    // Whether 2.0 takes a literal `default` is unverified; being what it assumes anyway, it passes here.
    has: (model, value) => value === 'default' || model.hasFlex,
    allows: (value) => oneOf(value, 'default', 'flex'),
  },
  execution_expires_after: {
    allows: (value, model) => within(value, model.minExpiresAfterSeconds, MAX_EXPIRES_AFTER_SECONDS),
    sentence: (value) => `the specified execution_expires_after ${value} does not support content generation`,
  },
  priority: {
    has: (model) => model.priority !== 'rejected',
    allows: (value, model) => model.priority === 'ignored' || within(value, 0, 9),
  },
  callback_url: { allows: (value) => /^https?:\/\//i.test(value) && URL.canParse(value) },
  // In characters, of which JavaScript makes two of some; the first look spares taking a text of megabytes apart.
  safety_identifier: {
    allows: (value) =>
      value.length <= 2 * MAX_SAFETY_IDENTIFIER_LENGTH && [...value].length <= MAX_SAFETY_IDENTIFIER_LENGTH,
  },
  tools: {},
  output_format: { has: (model) => model.hasOmniTasks, allows: (value) => oneOf(value, 'mp4', 'mov') },
  omni_reference_task_type: {
    has: (model) => model.hasOmniTasks,
    allows: (value) => oneOf(value, 'auto', 'reference', 'edit', 'extend'),
  },
};

/** What is wrong with one field, or undefined when nothing is. */
export function judgeField(name: string, value: unknown, model: Model, mode: Mode): ArkError | undefined {
  const rule = (rules as Readonly<Record<string, Rule<unknown> | undefined>>)[name];
  if (!rule) return undefined;
  if (rule.has?.(model, value) === false) {
    const reason = `the specified parameter ${name} is not supported for model ${model.name} in ${mode}, must be empty`;
    return invalid(name, reason);
  }
  if (rule.allows?.(value, model) ?? true) return undefined;
  const shared = `the parameter ${name} specified in the request is not valid for model ${model.name} in ${mode}`;
  return invalid(name, rule.sentence?.(value) ?? shared);
}

/**
 * Checks every field that is given, in the order of the reference.
 * @throws ArkError for the first one that is wrong
 */
export function checkFields(fields: Fields, model: Model, mode: Mode): void {
  for (const name of Object.keys(rules)) {
    const value = fields[name as keyof Fields];
    const wrong = value === undefined ? undefined : judgeField(name, value, model, mode);
    if (wrong) throw wrong;
  }
}

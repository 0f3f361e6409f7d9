import { ArkError } from './errors.ts';

/** What the roles in `content` make of a request (reference, section 2.2). */
export type Mode = 't2v' | 'i2v' | 'flf2v' | 'r2v';

export const resolutions = ['480p', '720p', '1080p', '4k'] as const;
export type Resolution = (typeof resolutions)[number];

/** What one model can do (reference, sections 1 and 2.1). */
export interface Model {
  /** `{name}-{version}`, as responses carry it. */
  readonly id: string;
  /** Without the date, as messages and result URLs carry it. */
  readonly name: string;
  readonly modes: readonly Mode[];
  readonly resolutions: readonly Resolution[];
  readonly seconds: { readonly min: number; readonly max: number; readonly default: number };
  readonly maxReferenceImages: number;
  readonly hasFrames: boolean;
  readonly hasCameraFixed: boolean;
  readonly hasDraft: boolean;
  readonly hasFlex: boolean;
  readonly hasOmniTasks: boolean;
  readonly priority: 'honoured' | 'ignored' | 'rejected';
  readonly minExpiresAfterSeconds: number;
}

type Family = Omit<Model, 'id' | 'name'>;

const seedance20: Family = {
  modes: ['t2v', 'i2v', 'flf2v', 'r2v'],
  resolutions: ['480p', '720p', '1080p', '4k'],
  seconds: { min: 4, max: 15, default: 5 },
  maxReferenceImages: 9,
  hasFrames: false,
  hasCameraFixed: false,
  hasDraft: false,
  hasFlex: false,
  hasOmniTasks: false,
  priority: 'honoured',
  // Documented as 3600, not enforced on 2.x.
  minExpiresAfterSeconds: 1,
};
const seedance20Small: Family = { ...seedance20, resolutions: ['480p', '720p'] };
const seedance25: Family = {
  ...seedance20,
  resolutions: ['480p', '720p', '1080p'],
  seconds: { min: 4, max: 30, default: -1 },
  maxReferenceImages: 30,
  hasDraft: true,
  hasOmniTasks: true,
};
// 1.5 pro is retired, and on BytePlus about to stop; it is served here still.
// Seconds of the 1.x models are from their older documents; the reference names none.
const seedance15: Family = {
  ...seedance20,
  modes: ['t2v', 'i2v', 'flf2v'],
  resolutions: ['480p', '720p', '1080p'],
  seconds: { min: 4, max: 12, default: 5 },
  hasCameraFixed: true,
  hasDraft: true,
  hasFlex: true,
  priority: 'rejected',
  minExpiresAfterSeconds: 3_600,
};
const seedance10: Family = {
  ...seedance15,
  seconds: { min: 2, max: 12, default: 5 },
  hasFrames: true,
  hasDraft: false,
  priority: 'ignored',
};
const seedance10Fast: Family = { ...seedance10, modes: ['t2v', 'i2v'] };

const families: readonly (readonly [Family, readonly string[]])[] = [
  [seedance20, ['doubao-seedance-2-0-260128', 'dreamina-seedance-2-0-260128']],
  [seedance20Small, ['doubao-seedance-2-0-fast-260128', 'dreamina-seedance-2-0-fast-260128']],
  [seedance20Small, ['doubao-seedance-2-0-mini-260615', 'dreamina-seedance-2-0-mini-260615']],
  [seedance25, ['doubao-seedance-2-5-260628', 'dreamina-seedance-2-5-260628']],
  [seedance15, ['doubao-seedance-1-5-pro-251215', 'seedance-1-5-pro-251215']],
  [seedance10, ['doubao-seedance-1-0-pro-250528', 'seedance-1-0-pro-250528']],
  [seedance10Fast, ['doubao-seedance-1-0-pro-fast-251015', 'seedance-1-0-pro-fast-251015']],
];

/** Every model that is served, by the id a request names it with. */
export const models: ReadonlyMap<string, Model> = new Map(
  families.flatMap(([family, ids]) =>
    ids.map((id) => [id, { ...family, id, name: id.replace(/-\d{6}$/, '') }] as const),
  ),
);

/** The model that a customer's endpoint (`ep-…`) is bound to; real ones are bound in a console that we do not have. */
const ENDPOINT_MODEL_ID = 'doubao-seedance-2-0-260128';

/**
 * The model a request means. A family name without its date is nobody.
 * @throws ArkError 404 when there is no such model or endpoint
 */
export function findModel(given: string): Model {
  const found = models.get(/^ep-[\w-]+$/.test(given) ? ENDPOINT_MODEL_ID : given);
  if (!found) throw new ArkError('InvalidEndpointOrModel.NotFound', { subject: given });
  return found;
}

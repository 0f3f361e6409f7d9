import type { ContentItem } from './create-shape.ts';
import { ArkError, invalid } from './errors.ts';
import { checkMediaUrl } from './media-url.ts';
import type { Mode, Model } from './models.ts';

/** What `content` comes to. */
export interface Content {
  readonly mode: Mode;
  readonly prompt: string;
  readonly referenceVideos: number;
  readonly draftTaskId: string | undefined;
}

type ImageItem = Extract<ContentItem, { type: 'image_url' }>;

/** Images, videos and audios together (reference, section 2.2). */
const MAX_MEDIA = 15;
const MAX_REFERENCE_VIDEOS = 3;
const MAX_REFERENCE_AUDIOS = 3;
const IMAGE_ROLES: readonly string[] = ['first_frame', 'last_frame', 'reference_image'];

const ofType = <T extends ContentItem['type']>(items: readonly ContentItem[], type: T) =>
  items.filter((item): item is Extract<ContentItem, { type: T }> => item.type === type);

function atMost(limit: number, what: string, found: number): void {
  const most = limit === 1 ? 'one' : limit;
  if (found > limit) throw invalid('content', `expected at most ${most} ${what} but got ${found} instead`);
}

/** Each image's role; a single image without one is the first frame. */
function readImageRoles(images: readonly ImageItem[]): readonly string[] {
  if (images.length > 1 && images.some(({ role }) => role === undefined)) {
    throw invalid('content', 'role must be specified for image contents');
  }
  const roles = images.map(({ role = 'first_frame' }) => role);
  if (roles.some((role) => !IMAGE_ROLES.includes(role))) {
    throw invalid('content', 'invalid role specified for image content');
  }
  return roles;
}

function checkReferences(items: readonly ContentItem[], images: number, model: Model): void {
  const videos = ofType(items, 'video_url');
  const audios = ofType(items, 'audio_url');
  if (videos.some(({ role }) => role !== 'reference_video')) {
    throw invalid('content', 'reference media mode requires video role to be reference_video');
  }
  if (audios.some(({ role }) => role !== 'reference_audio')) {
    throw invalid('content', 'reference media mode requires audio role to be reference_audio');
  }
  atMost(model.maxReferenceImages, 'reference images', images);
  atMost(MAX_REFERENCE_VIDEOS, 'video contents', videos.length);
  atMost(MAX_REFERENCE_AUDIOS, 'audio contents', audios.length);
  if (images + videos.length === 0) throw invalid('content', 'reference_audio cannot be the only reference input');
}

/** The mode that the roles decide (reference, section 2.2). */
function readMode(items: readonly ContentItem[], model: Model): Mode {
  const roles = readImageRoles(ofType(items, 'image_url'));
  const count = (role: string) => roles.filter((each) => each === role).length;
  const references = count('reference_image');
  const hasReferences = references > 0 || items.some(({ type }) => type === 'video_url' || type === 'audio_url');
  if (hasReferences && roles.length > references) {
    throw invalid('content', 'first/last frame content cannot be mixed with reference media content');
  }
  if (hasReferences) {
    if (model.modes.includes('r2v')) checkReferences(items, references, model);
    return 'r2v';
  }
  atMost(1, 'first frame image content', count('first_frame'));
  atMost(1, 'last frame image content', count('last_frame'));
  if (roles.length === 0) return 't2v';
  // No wording of the service is known for a last frame alone.
  if (count('first_frame') === 0) throw invalid('content', 'last frame image content requires a first frame image');
  return roles.length === 1 ? 'i2v' : 'flf2v';
}

/**
 * Reads the items of a request for a model that is known.
 * @throws ArkError with the sentences of the reference, section 2.3
 */
export function readContent(items: readonly ContentItem[], model: Model): Content {
  const mode = readMode(items, model);
  if (!model.modes.includes(mode)) {
    throw invalid('task_type', `the specified task_type ${mode} does not support model ${model.name}`);
  }
  const drafts = ofType(items, 'draft_task');
  const [draft] = drafts;
  if (draft && !model.hasDraft) {
    throw invalid(
      'content',
      `the specified parameter draft_task is not supported for model ${model.name} in ${mode}, must be empty`,
    );
  }
  atMost(1, 'draft task content', drafts.length);
  atMost(MAX_MEDIA, 'media contents', items.filter(({ type }) => type.endsWith('_url')).length);
  items.forEach(checkMediaUrl);
  const prompt = ofType(items, 'text')
    .map(({ text }) => text)
    .join('\n');
  if (mode === 't2v' && !draft && prompt.trim() === '') {
    throw new ArkError('MissingParameter', { param: 'content.text' });
  }
  return { mode, prompt, referenceVideos: ofType(items, 'video_url').length, draftTaskId: draft?.draft_task.id };
}

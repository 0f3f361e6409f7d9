import { expect, test } from 'vitest';
import { readCreateRequest } from './create-request.ts';
import { ArkError } from './errors.ts';

const BASE = 'doubao-seedance-2-0-260128';
const FAST = 'doubao-seedance-2-0-fast-260128';
const MINI = 'dreamina-seedance-2-0-mini-260615';
const NEXT = 'doubao-seedance-2-5-260628';
const PRO_15 = 'seedance-1-5-pro-251215';
const PRO_10 = 'doubao-seedance-1-0-pro-250528';
const PRO_10_FAST = 'seedance-1-0-pro-fast-251015';

const text = { type: 'text', text: 'A cat.' };
const url = 'https://example.com/a.bin';
const image = (role?: string) => ({ type: 'image_url', image_url: { url }, ...(role && { role }) });
const video = (role?: string) => ({ type: 'video_url', video_url: { url }, ...(role && { role }) });
const audio = (role?: string) => ({ type: 'audio_url', audio_url: { url }, ...(role && { role }) });
const times = <T>(count: number, item: T) => Array.from({ length: count }, () => item);
const reference = image('reference_image');

/** JSON in JSON in JSON: more of it than a stack is high. */
const deep = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));

const request = (fields: object = {}, model = BASE) => ({ model, content: [text], ...fields });
const withContent = (...content: readonly unknown[]) => request({ content });

const notValid = (param: string, sentence: string) =>
  `The parameter \`${param}\` specified in the request is not valid: ${sentence}.`;
const inContent = (sentence: string) => [400, 'InvalidParameter', 'content', notValid('content', sentence)] as const;
const about = (param: string, sentence: string) => [400, 'InvalidParameter', param, notValid(param, sentence)] as const;
const outOfRange = (param: string, model = 'doubao-seedance-2-0', mode = 't2v') =>
  about(param, `the parameter ${param} specified in the request is not valid for model ${model} in ${mode}`);
const unsupported = (param: string, model = 'doubao-seedance-2-0', mode = 't2v') =>
  about(param, `the specified parameter ${param} is not supported for model ${model} in ${mode}, must be empty`);
const missing = (param: string) =>
  [400, 'MissingParameter', param, `The request failed because it is missing \`${param}\` parameter.`] as const;
const unknownModel = (model: string) =>
  [
    404,
    'InvalidEndpointOrModel.NotFound',
    '',
    `The model or endpoint ${model} does not exist or you do not have access to it.`,
  ] as const;

type Rejection = readonly [status: number, code: string, param: string, message: string];

/** What each bad request is told: reference, section 2.3. */
const rejections: readonly (readonly [title: string, body: unknown, rejection: Rejection])[] = [
  ['no body', undefined, missing('model')],
  [
    'a body that is no object',
    [1],
    [400, 'InvalidParameter', '', 'The request is not valid: the request body must be a JSON object.'],
  ],
  ['no model', { content: [text] }, missing('model')],
  ['model null', { model: null, content: [text] }, missing('model')],
  ['a model that is no text', request({ model: 5 }), about('model', 'expected string but got number')],
  ['a family name without its date', request({}, 'doubao-seedance-2-0'), unknownModel('doubao-seedance-2-0')],
  ['a model nobody knows', request({}, 'sora-2'), unknownModel('sora-2')],
  [
    '1.0 lite, which is off',
    request({}, 'doubao-seedance-1-0-lite-t2v-250428'),
    unknownModel('doubao-seedance-1-0-lite-t2v-250428'),
  ],
  ['an endpoint id without an id', request({}, 'ep-'), unknownModel('ep-')],
  ['no content', { model: BASE }, missing('content')],
  ['content null', request({ content: null }), missing('content')],
  ['content empty', withContent(), missing('content')],
  ['content as text', request({ content: 'A cat.' }), about('content', 'expected array but got string')],
  ['an item that is null', withContent(null), about('content[0]', 'expected object but got null')],
  ['an item without a type', withContent({ text: 'A cat.' }), missing('content[0].type')],
  [
    'an unknown item type',
    withContent({ type: 'file', file: 'a' }),
    inContent(
      'content type file is not supported, supported types are `text`, `image_url`, `audio_url`, `video_url`, `draft_task`',
    ),
  ],
  [
    'an item type that is an object',
    withContent({ type: { toString: 1 } }),
    about('content[0].type', 'expected string but got object'),
  ],
  [
    'content that is nothing but depth',
    request({ content: deep(20_000) }),
    about('content[0]', 'expected object but got array'),
  ],
  ['text without text', withContent({ type: 'text' }), missing('content[0].text')],
  [
    'text that is no text',
    withContent({ type: 'text', text: 5 }),
    about('content[0].text', 'expected string but got number'),
  ],
  ['nothing but blanks to go by', withContent({ type: 'text', text: ' ' }), missing('content.text')],
  [
    'a bare string for a URL',
    withContent(text, { type: 'image_url', image_url: url }),
    about('content[1].image_url', 'expected object but got string'),
  ],
  ['an item without its URL', withContent({ type: 'image_url', image_url: {} }), missing('content[0].image_url.url')],
  ['an unknown role', withContent(image('style')), inContent('invalid role specified for image content')],
  ['two images, no roles', withContent(image(), image()), inContent('role must be specified for image contents')],
  [
    'frame and reference roles',
    withContent(image('first_frame'), reference),
    inContent('first/last frame content cannot be mixed with reference media content'),
  ],
  [
    'an image without a role beside a video',
    withContent(image(), video('reference_video')),
    inContent('first/last frame content cannot be mixed with reference media content'),
  ],
  [
    'two first frames',
    withContent(image('first_frame'), image('first_frame')),
    inContent('expected at most one first frame image content but got 2 instead'),
  ],
  [
    'two last frames',
    withContent(image('first_frame'), image('last_frame'), image('last_frame')),
    inContent('expected at most one last frame image content but got 2 instead'),
  ],
  [
    'a last frame alone',
    withContent(image('last_frame')),
    inContent('last frame image content requires a first frame image'),
  ],
  [
    '10 reference images',
    withContent(...times(10, reference)),
    inContent('expected at most 9 reference images but got 10 instead'),
  ],
  [
    '31 reference images on 2.5',
    request({ content: times(31, reference) }, NEXT),
    inContent('expected at most 30 reference images but got 31 instead'),
  ],
  [
    '4 videos',
    withContent(...times(4, video('reference_video'))),
    inContent('expected at most 3 video contents but got 4 instead'),
  ],
  [
    '4 audios',
    withContent(reference, ...times(4, audio('reference_audio'))),
    inContent('expected at most 3 audio contents but got 4 instead'),
  ],
  [
    'audio alone',
    withContent(text, audio('reference_audio')),
    inContent('reference_audio cannot be the only reference input'),
  ],
  [
    'a video without its role',
    withContent(text, video()),
    inContent('reference media mode requires video role to be reference_video'),
  ],
  [
    'audio in the wrong role',
    withContent(reference, audio('reference_video')),
    inContent('reference media mode requires audio role to be reference_audio'),
  ],
  [
    'a video as data:',
    withContent({ type: 'video_url', video_url: { url: 'data:video/mp4;base64,AAAA' }, role: 'reference_video' }),
    about('content[0].video_url', 'reference_video must be provided as a web url'),
  ],
  [
    'an image by FTP',
    withContent(text, { type: 'image_url', image_url: { url: 'ftp://example.com/a.png' } }),
    about('content[1].image_url', 'image must be provided as a web url, a base64 data url or an asset'),
  ],
  [
    'an image format in capitals',
    withContent({ type: 'image_url', image_url: { url: 'data:image/PNG;base64,AAAA' } }),
    about(
      'content[0].image_url',
      'expected data:image/<lower-case format>;base64,... with one of jpeg, jpg, png, webp, bmp, tiff, gif, heic, heif',
    ),
  ],
  [
    'audio over 15 MB',
    withContent(reference, {
      type: 'audio_url',
      audio_url: { url: `data:audio/wav;base64,${'A'.repeat(21 * 2 ** 20)}` },
      role: 'reference_audio',
    }),
    about('content[1].audio_url', 'audio size 16515072 exceeds the limit of 15728640 bytes'),
  ],
  [
    'a mode the model lacks',
    request({ content: [text, reference] }, PRO_15),
    about('task_type', 'the specified task_type r2v does not support model seedance-1-5-pro'),
  ],
  [
    'a last frame on 1.0 pro fast',
    request({ content: [image('first_frame'), image('last_frame')] }, PRO_10_FAST),
    about('task_type', 'the specified task_type flf2v does not support model seedance-1-0-pro-fast'),
  ],
  [
    '16 items of media',
    { model: NEXT, content: [text, ...times(16, reference)] },
    inContent('expected at most 15 media contents but got 16 instead'),
  ],
  [
    'a draft task on 2.0',
    withContent({ type: 'draft_task', draft_task: { id: 'cgt-a' } }),
    inContent(
      'the specified parameter draft_task is not supported for model doubao-seedance-2-0 in t2v, must be empty',
    ),
  ],
  [
    'two draft tasks',
    request({ content: times(2, { type: 'draft_task', draft_task: { id: 'cgt-a' } }) }, NEXT),
    inContent('expected at most one draft task content but got 2 instead'),
  ],
  [
    'a bare string for a draft task',
    request({ content: [{ type: 'draft_task', draft_task: 'cgt-a' }] }, NEXT),
    about('content[0].draft_task', 'expected object but got string'),
  ],
  ['duration 3', request({ duration: 3 }), outOfRange('duration')],
  ['duration 16', request({ duration: 16 }), outOfRange('duration')],
  ['duration 0', request({ duration: 0 }), outOfRange('duration')],
  [
    'duration 16 with references',
    request({ content: [text, reference], duration: 16 }),
    outOfRange('duration', 'doubao-seedance-2-0', 'r2v'),
  ],
  ['duration 31 on 2.5', request({ duration: 31 }, NEXT), outOfRange('duration', 'doubao-seedance-2-5')],
  ['duration as text', request({ duration: '5' }), about('duration', 'expected integer but got string')],
  ['half a second', request({ duration: 5.5 }), about('duration', 'expected integer but got number')],
  [
    '1080p on fast',
    request({ content: [image()], resolution: '1080p' }, FAST),
    outOfRange('resolution', 'doubao-seedance-2-0-fast', 'i2v'),
  ],
  ['2k', request({ resolution: '2k' }), outOfRange('resolution')],
  ['4k on 2.5', request({ resolution: '4k' }, NEXT), outOfRange('resolution', 'doubao-seedance-2-5')],
  ['a ratio that is none', request({ ratio: '2:1' }), outOfRange('ratio')],
  ['a ratio that every object has', request({ ratio: 'constructor' }), outOfRange('ratio')],
  ['seed -2', request({ seed: -2 }), outOfRange('seed')],
  ['seed 2^32', request({ seed: 2 ** 32 }), outOfRange('seed')],
  ['a seed too large to count to', request({ seed: 1e300 }), outOfRange('seed')],
  ['a seed too small to count to', request({ seed: -1e300 }), outOfRange('seed')],
  ['a duration too small to count to', request({ duration: -1e17 }), outOfRange('duration')],
  ['frames on 2.0', request({ frames: 29 }), unsupported('frames')],
  ['30 frames on 1.0 pro', request({ frames: 30 }, PRO_10), outOfRange('frames', 'doubao-seedance-1-0-pro')],
  ['25 frames on 1.0 pro', request({ frames: 25 }, PRO_10), outOfRange('frames', 'doubao-seedance-1-0-pro')],
  [
    'camera_fixed on 2.0, even when false',
    request({ content: [text, reference], camera_fixed: false }, MINI),
    unsupported('camera_fixed', 'dreamina-seedance-2-0-mini', 'r2v'),
  ],
  ['draft on 2.0, even when false', request({ draft: false }), unsupported('draft')],
  [
    'a draft in 720p',
    request({ draft: true, resolution: '720p' }, NEXT),
    about(
      'resolution',
      'the parameter resolution specified in the request is not valid for model doubao-seedance-2-5 in t2v, a draft is 480p',
    ),
  ],
  ['service_tier flex on 2.0', request({ service_tier: 'flex' }), unsupported('service_tier')],
  ['an unknown tier on 1.5', request({ service_tier: 'fast' }, PRO_15), outOfRange('service_tier', 'seedance-1-5-pro')],
  [
    'execution_expires_after 345600',
    request({ execution_expires_after: 345_600 }),
    about(
      'execution_expires_after',
      'the specified execution_expires_after 345600 does not support content generation',
    ),
  ],
  [
    'execution_expires_after 60 on 1.5',
    request({ execution_expires_after: 60 }, PRO_15),
    about('execution_expires_after', 'the specified execution_expires_after 60 does not support content generation'),
  ],
  ['priority 10', request({ priority: 10 }), outOfRange('priority')],
  ['priority -1', request({ priority: -1 }), outOfRange('priority')],
  ['priority on 1.5', request({ priority: 0 }, PRO_15), unsupported('priority', 'seedance-1-5-pro')],
  [
    'generate_audio as text',
    request({ generate_audio: 'true' }),
    about('generate_audio', 'expected boolean but got string'),
  ],
  ['watermark as a number', request({ watermark: 1 }), about('watermark', 'expected boolean but got number')],
  [
    'return_last_frame as text',
    request({ return_last_frame: 'yes' }),
    about('return_last_frame', 'expected boolean but got string'),
  ],
  ['resolution as a number', request({ resolution: 720 }), about('resolution', 'expected string but got number')],
  ['seed as text', request({ seed: '11' }), about('seed', 'expected integer but got string')],
  [
    'service_tier as an object',
    request({ service_tier: {} }, PRO_15),
    about('service_tier', 'expected string but got object'),
  ],
  ['293 frames on 1.0 pro', request({ frames: 293 }, PRO_10), outOfRange('frames', 'doubao-seedance-1-0-pro')],
  ['a callback that is no URL', request({ callback_url: 'example.com' }), outOfRange('callback_url')],
  [
    '65 characters of safety_identifier',
    request({ safety_identifier: 'a'.repeat(65) }),
    outOfRange('safety_identifier'),
  ],
  [
    '65 characters that JavaScript takes for 130',
    request({ safety_identifier: '\u{1F3AC}'.repeat(65) }),
    outOfRange('safety_identifier'),
  ],
  [
    'a tool nobody knows',
    request({ tools: [{ type: 'code' }] }),
    about('tools[0].type', 'expected web_search but got code'),
  ],
  [
    'a tool that is an object',
    request({ tools: [{ type: { toString: 1 } }] }),
    about('tools[0].type', 'expected web_search but got object'),
  ],
  ['tools as text', request({ tools: 'web_search' }), about('tools', 'expected array but got string')],
  ['output_format on 2.0', request({ output_format: 'mp4' }), unsupported('output_format')],
  ['output_format avi', request({ output_format: 'avi' }, NEXT), outOfRange('output_format', 'doubao-seedance-2-5')],
  [
    'omni_reference_task_type on 2.0',
    request({ omni_reference_task_type: 'auto' }),
    unsupported('omni_reference_task_type'),
  ],
  [
    'omni_reference_task_type paint',
    request({ omni_reference_task_type: 'paint' }, NEXT),
    outOfRange('omni_reference_task_type', 'doubao-seedance-2-5'),
  ],
];

test.each(rejections)('%s is rejected', (_title, body, [status, code, param, message]) => {
  expect(() => readCreateRequest(body)).toThrow(ArkError);
  expect(() => readCreateRequest(body)).toThrow(expect.objectContaining({ status, code, param, message }));
});

const settingsOf = (body: unknown) => readCreateRequest(body).settings;

test('the defaults of 2.0', () => {
  expect(settingsOf(request())).toMatchObject({
    model: { id: BASE, name: 'doubao-seedance-2-0' },
    mode: 't2v',
    resolution: '720p',
    ratio: 'adaptive',
    length: { seconds: 5 },
    seed: -1,
    generateAudio: true,
    draft: false,
    returnLastFrame: false,
    serviceTier: 'default',
    expiresAfterSeconds: 172_800,
    priority: 0,
  });
});

test.each([
  ['t2v', [text]],
  ['i2v', [image()]],
  ['i2v', [text, image('first_frame')]],
  ['flf2v', [image('first_frame'), image('last_frame')]],
  ['r2v', [reference]],
  ['r2v', [text, ...times(9, reference), ...times(3, video('reference_video')), ...times(3, audio('reference_audio'))]],
])('the roles make it %s', (mode, content) => {
  expect(settingsOf(request({ content })).mode).toBe(mode);
});

test.each([
  'https://example.com/a.png',
  'http://example.com/a.png',
  'asset://asset-20260401123456-abcde',
  'data:image/png;base64,AAAA',
])('an image may come from %s', (from) => {
  expect(settingsOf(withContent({ type: 'image_url', image_url: { url: from } })).mode).toBe('i2v');
});

test('null means absent, as the official Python SDK sends it', () => {
  const nulls = Object.fromEntries(
    [
      ...['safety_identifier', 'callback_url', 'return_last_frame', 'service_tier', 'execution_expires_after'],
      ...['priority', 'generate_audio', 'draft', 'camera_fixed', 'watermark', 'seed', 'resolution', 'ratio', 'frames'],
      'tools',
    ].map((name) => [name, null]),
  );
  expect(settingsOf(request({ ...nulls, duration: 5 }))).toEqual(settingsOf(request()));
  expect(settingsOf(withContent({ ...image(), role: null })).mode).toBe('i2v');
});

test('unknown fields are ignored, however deep they go', () => {
  expect(settingsOf(request({ fps: 60, camerafixed: true, parameters: {} }))).toEqual(settingsOf(request()));
  expect(settingsOf(request({ parameters: deep(20_000) }))).toEqual(settingsOf(request()));
});

const resolutions = ['480p', '720p', '1080p', '4k'] as const;

/** What each model makes: reference, section 1 and 2.1. */
test.each([
  [BASE, ['480p', '720p', '1080p', '4k'], 4, 15],
  ['dreamina-seedance-2-0-260128', ['480p', '720p', '1080p', '4k'], 4, 15],
  [FAST, ['480p', '720p'], 4, 15],
  ['dreamina-seedance-2-0-fast-260128', ['480p', '720p'], 4, 15],
  ['doubao-seedance-2-0-mini-260615', ['480p', '720p'], 4, 15],
  [MINI, ['480p', '720p'], 4, 15],
  [NEXT, ['480p', '720p', '1080p'], 4, 30],
  ['dreamina-seedance-2-5-260628', ['480p', '720p', '1080p'], 4, 30],
])('%s makes %j, of %i to %i s', (model, makes, shortest, longest) => {
  const takes = (fields: object) => {
    try {
      return settingsOf(request(fields, model)).model.id === model;
    } catch (error) {
      if (error instanceof ArkError) return false;
      throw error;
    }
  };
  expect(resolutions.filter((resolution) => takes({ resolution }))).toEqual(makes);
  expect([shortest - 1, shortest, longest, longest + 1].map((duration) => takes({ duration }))).toEqual([
    ...[false, true, true, false],
  ]);
});

test.each(['16:9', '4:3', '1:1', '3:4', '9:16', '21:9', 'adaptive'])('the ratio may be %s', (ratio) => {
  expect(settingsOf(request({ ratio }))).toMatchObject({ ratio });
});

test.each([
  [{ resolution: '4K' }, { resolution: '4k' }],
  [{ resolution: '1080P' }, { resolution: '1080p' }],
  [{ duration: 4 }, { length: { seconds: 4 } }],
  [{ duration: -1 }, { length: { seconds: -1 } }],
  [{ seed: 2 ** 32 - 1 }, { seed: 2 ** 32 - 1 }],
  [{ execution_expires_after: 60 }, { expiresAfterSeconds: 60 }],
  [{ service_tier: 'default' }, { serviceTier: 'default' }],
  [{ priority: 9 }, { priority: 9 }],
  [{ seed: -1 }, { seed: -1 }],
  [{ watermark: true, generate_audio: false }, { generateAudio: false }],
  [{ return_last_frame: true }, { returnLastFrame: true }],
  [{ execution_expires_after: 259_200 }, { expiresAfterSeconds: 259_200 }],
  [{ callback_url: 'https://example.com/hook' }, { callbackUrl: 'https://example.com/hook' }],
  [{ safety_identifier: 'a'.repeat(64) }, { safetyIdentifier: 'a'.repeat(64) }],
  [{ tools: [{ type: 'web_search' }] }, { tools: [{ type: 'web_search' }] }],
])('2.0 takes %o', (fields, settings) => {
  expect(settingsOf(request(fields))).toMatchObject(settings);
});

test.each([
  [NEXT, {}, { length: { seconds: -1 }, outputFormat: 'mp4' }],
  [NEXT, { duration: 30, output_format: 'mov', omni_reference_task_type: 'edit' }, { outputFormat: 'mov' }],
  [NEXT, { draft: true }, { draft: true, resolution: '480p' }],
  [NEXT, { content: [{ type: 'draft_task', draft_task: { id: 'cgt-a' } }] }, { draftTaskId: 'cgt-a' }],
  [PRO_15, { service_tier: 'flex', camera_fixed: true }, { serviceTier: 'flex' }],
  [PRO_10, { frames: 29, duration: 5 }, { length: { frames: 29 } }],
  [PRO_10, { frames: 289 }, { length: { frames: 289 } }],
  [PRO_10, { priority: 99 }, { priority: 0 }],
])('%s takes %o', (model, fields, settings) => {
  expect(settingsOf(request(fields, model))).toMatchObject(settings);
});

test('64 characters of safety_identifier are 64, whatever JavaScript takes them for', () => {
  const safetyIdentifier = '\u{1F3AC}'.repeat(64);
  expect(settingsOf(request({ safety_identifier: safetyIdentifier }))).toMatchObject({ safetyIdentifier });
});

test('an endpoint stands for the model it is bound to, and is remembered as it was named', () => {
  const settings = settingsOf(request({}, 'ep-20260416234150-zsd4v'));
  expect(settings).toMatchObject({ model: { id: BASE }, requestedModel: 'ep-20260416234150-zsd4v' });
});

const prompted = (flags: string, fields: object = {}) =>
  settingsOf(request({ content: [{ type: 'text', text: `A cat. ${flags}` }], ...fields }));

test('flags in the prompt are settings, in their short and their long forms', () => {
  const wanted = { resolution: '1080p', ratio: '9:16', length: { seconds: 8 }, seed: 11 };
  expect(prompted('--rs 1080p --rt 9:16 --dur 8 --seed 11 --cf false --wm true')).toMatchObject(wanted);
  expect(prompted('--resolution 1080p --ratio 9:16 --duration 8 --seed 11')).toMatchObject(wanted);
});

test('a flag that is wrong is ignored, and a field wins over a flag', () => {
  expect(prompted('--rs 8k --rt 2:1 --dur 99 --seed x --foo bar --constructor 1')).toEqual(settingsOf(request()));
  expect(prompted('--dur 8', { duration: 6 })).toMatchObject({ length: { seconds: 6 } });
});

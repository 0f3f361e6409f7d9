import { expect, test } from 'vitest';
import { openApi } from './testing.ts';

const NEXT = 'doubao-seedance-2-5-260628';
const text = { type: 'text', text: 'Let it rain.' };
const image = { type: 'image_url', image_url: { url: 'https://example.com/a.png' } };
const reference = { ...image, role: 'reference_image' };
const video = { type: 'video_url', video_url: { url: 'https://example.com/a.mp4' }, role: 'reference_video' };
const free = { ratio: 'adaptive', duration: -1 };

test.each([
  ['a first frame with a ratio of its own', { content: [text, image], ratio: '16:9' }, 'TaskTypeConstraint'],
  ['a first frame', { content: [text, image] }, undefined],
  [
    'an edit with a length',
    { content: [text, video], omni_reference_task_type: 'edit', ...free, duration: 5 },
    'TaskTypeConstraint',
  ],
  [
    'an edit with a ratio',
    { content: [text, video], omni_reference_task_type: 'edit', ...free, ratio: '1:1' },
    'TaskTypeConstraint',
  ],
  ['an edit of a video', { content: [text, video], omni_reference_task_type: 'edit', ...free }, undefined],
  ['an edit of nothing', { omni_reference_task_type: 'edit', ...free }, 'TaskTypeMismatch'],
  ['an extension of an image', { content: [text, reference], omni_reference_task_type: 'extend' }, 'TaskTypeMismatch'],
  ['a reference to nothing', { omni_reference_task_type: 'reference' }, 'TaskTypeMismatch'],
  ['a reference', { content: [text, reference], omni_reference_task_type: 'reference' }, undefined],
])('on 2.5 %s ends as %j says', async (_title, fields, code) => {
  await using api = await openApi();
  const id = await api.create({ model: NEXT, ...fields });
  await api.lane.clock.advance(5_000);
  const { body } = await api.call('GET', `/${id}`);
  expect(body).toMatchObject(
    code === undefined
      ? { status: 'succeeded' }
      : {
          status: 'failed',
          error: { code: `InvalidParameter.${code}`, message: expect.stringMatching(/\. Request id: 02\w{51}$/) },
        },
  );
});

test('2.0 does not look at that', async () => {
  await using api = await openApi();
  const id = await api.create({ content: [text, image], ratio: '16:9' });
  await api.lane.clock.advance(5_000);
  expect((await api.call('GET', `/${id}`)).body).toMatchObject({ status: 'succeeded' });
});

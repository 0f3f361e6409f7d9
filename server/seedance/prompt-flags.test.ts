import { expect, test } from 'vitest';
import { findModel } from './models.ts';
import { readPromptFlags } from './prompt-flags.ts';

const BASE = 'doubao-seedance-2-0-260128';
const FAST = 'doubao-seedance-2-0-fast-260128';
const PRO_10 = 'seedance-1-0-pro-250528';
const read = (prompt: string, model = BASE) => readPromptFlags(prompt, findModel(model), 't2v');

/** Short and long forms: reference, section 2.1. */
test.each([
  ['--rs 720p', '--resolution 720p', { resolution: '720p' }],
  ['--rt 16:9', '--ratio 16:9', { ratio: '16:9' }],
  ['--dur 5', '--duration 5', { duration: 5 }],
  ['--dur -1', '--duration -1', { duration: -1 }],
  ['--seed 11', '--seed   11', { seed: 11 }],
  ['--cf true', '--camerafixed true', { camera_fixed: true }],
  ['--cf false', '--camera_fixed false', { camera_fixed: false }],
  ['--wm true', '--watermark true', { watermark: true }],
  ['--frames 29', 'before --frames 29 after', { frames: 29 }],
])('%s and %s both set %o', (short, long, fields) => {
  expect(read(short, PRO_10)).toEqual(fields);
  expect(read(long, PRO_10)).toEqual(fields);
});

test('all of them at once, behind a prompt, as the reference writes them', () => {
  expect(read('A cat. --rs 720p --rt 16:9 --dur 5 --seed 11 --cf false --wm true', PRO_10)).toEqual({
    ...{ resolution: '720p', ratio: '16:9', duration: 5, seed: 11 },
    ...{ camera_fixed: false, watermark: true },
  });
});

test.each([
  ['a resolution that the model lacks', '--rs 1080p', FAST],
  ['a ratio that is none', '--rt 2:1', BASE],
  ['a length out of range', '--dur 16', BASE],
  ['a length that is no number', '--dur five', BASE],
  ['half a second', '--dur 5.5', BASE],
  ['frames that are not 25+4n', '--frames 30', PRO_10],
  ['a field that the model lacks', '--cf false', BASE],
  ['neither true nor false', '--wm yes', BASE],
  ['a flag without a value', '--dur', BASE],
  ['a flag of one dash', '-dur 8', BASE],
  ['a flag that every object has', '--constructor 1', BASE],
])('%s is ignored', (_what, prompt, model) => {
  expect(read(prompt, model)).toEqual({});
});

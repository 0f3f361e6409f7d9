import { expect, test } from 'vitest';
import type { ResponsePlan } from '../faults/plans.ts';
import { alterAnswer } from './alter-answer.ts';

const alter = (plan: Partial<ResponsePlan>, headers: Record<string, string | number> = { 'content-length': 2 }) =>
  alterAnswer({ status: 200, headers, body: Buffer.from('{}') }, { delayBeforeMs: 0, delayAfterMs: 0, ...plan });

test('what no fault asks for stays', () =>
  expect(alter({})).toEqual({ status: 200, headers: { 'content-length': 2 }, body: Buffer.from('{}') }));

test('a length is never below nothing, and never made up', () => {
  expect(alter({ lengthOffBy: 3 }).headers).toEqual({ 'content-length': 5 });
  expect(alter({ lengthOffBy: -3 }).headers).toEqual({ 'content-length': 0 });
  expect(alter({ lengthOffBy: 3 }, {}).headers).toEqual({});
});

test('fields come, change and go', () =>
  expect(alter({ fields: { a: '1', b: '2', c: null, d: null } }, { b: 'x', c: 'y', e: 'z' }).headers).toEqual({
    a: '1',
    b: '2',
    e: 'z',
  }));

test('a body is changed, but none is made', () => {
  const changeBody = () => (piece: Uint8Array) => piece.map(() => 0x21);
  expect(alter({ changeBody }).body).toEqual(Buffer.from('!!'));
  const none = { status: 204, headers: {}, body: Buffer.alloc(0) };
  expect(
    alterAnswer(none, { delayBeforeMs: 0, delayAfterMs: 0, changeBody: () => () => Buffer.from('!') }).body,
  ).toHaveLength(0);
});

test.each<[string, Partial<ResponsePlan>, string, boolean | undefined]>([
  ['JSON that lost its end', { changeBody: () => (piece) => piece.fill(0x20, 1) }, 'application/json', true],
  ['JSON that is another', { changeBody: () => (piece) => piece.fill(0x31) }, 'application/json', undefined],
  ['a video', { changeBody: () => (piece) => piece.fill(0x20) }, 'video/mp4', undefined],
  ['a success without a body', { statusAfter: { code: 200, headers: {}, body: 'empty' } }, 'text/plain', true],
  ['nothing that was altered', {}, 'application/json', undefined],
])('whether a client can read %s', (_what, plan, type, unreadable) => {
  const body = Buffer.from(plan.statusAfter ? '' : '{}');
  const given = { status: 200, headers: { 'content-type': type, 'content-length': body.byteLength }, body };
  const blank = { delayBeforeMs: 0, delayAfterMs: 0 };
  expect(alterAnswer(given, { ...blank, ...plan }).unreadable).toBe(unreadable);
  expect(alterAnswer({ ...given, status: 503 }, { ...blank, ...plan }).unreadable).toBeUndefined();
  const ofHead = { ...given, headers: { ...given.headers, 'content-length': 2 }, body: Buffer.alloc(0) };
  expect(alterAnswer(ofHead, { ...blank, ...plan }).unreadable).toBeUndefined();
});

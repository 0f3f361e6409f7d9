import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import type { ChangeBody, ResponsePlan } from '../faults/plans.ts';
import { alterAnswer } from './alter-answer.ts';
import type { Answer } from './carry-out.ts';
import { isStreamed, learnLength, MAX_AHEAD_BYTES, type StreamedBody } from './streamed-body.ts';

const blank: ResponsePlan = { delayBeforeMs: 0, delayAfterMs: 0 };
/** Says how long it takes the body to be, and where each piece of it starts. */
const tell: ChangeBody = (bodyBytes) => (_piece, at) => Buffer.from(`${at} of ${bodyBytes};`);

function streamOf(pieces: readonly Uint8Array[], byteLength?: number): StreamedBody {
  return {
    byteLength,
    settle: async () => {},
    async *[Symbol.asyncIterator]() {
      yield* pieces;
    },
  };
}

const answerOf = (body: StreamedBody): Answer => ({ status: 200, headers: {}, body });

async function textOf({ body }: Answer): Promise<string> {
  return isStreamed(body) ? text(Readable.from(body)) : Buffer.from(body).toString();
}

const piece = (bytes: number) => Buffer.alloc(bytes, 0x61);

test('a body of known length is changed piece by piece, each at its place', async () => {
  const streamed = answerOf(streamOf([piece(3), piece(4)], 7));
  const plan = { ...blank, changeBody: tell };
  expect(await textOf(alterAnswer(await learnLength(streamed, plan), plan))).toBe('0 of 7;3 of 7;');
});

test('a body whose length nobody says is read ahead for a fault that has to know it, and held whole when it ends there', async () => {
  const plan = { ...blank, changeBody: tell };
  const learned = await learnLength(answerOf(streamOf([piece(3), piece(4)])), plan);
  expect(learned.headers).toEqual({ 'content-length': 7 });
  expect(await textOf(alterAnswer(learned, plan))).toBe('0 of 7;');
});

test('one that does not end within the limit counts as long as that, and loses nothing', async () => {
  const pieces = [piece(MAX_AHEAD_BYTES), piece(1), piece(2)];
  const plan = { ...blank, lengthOffBy: 1 };
  const learned = await learnLength(answerOf(streamOf(pieces)), plan);
  expect(learned.headers).toEqual({});
  expect(await textOf(learned)).toHaveLength(MAX_AHEAD_BYTES + 3);

  const told = alterAnswer(await learnLength(answerOf(streamOf(pieces)), plan), { ...blank, changeBody: tell });
  expect(await textOf(told)).toBe('0 of 65536;65536 of 65536;65537 of 65536;');
});

test('no other fault reads ahead', async () => {
  const answer = answerOf(streamOf([piece(3)]));
  expect(
    await learnLength(answer, { ...blank, bytesPerSecond: 5, end: { at: { bodyBytes: 2 }, how: 'fin', code: 0 } }),
  ).toBe(answer);
});

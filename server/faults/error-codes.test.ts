import { constants } from 'node:http2';
import { expect, test } from 'vitest';
import { errorCodes } from './error-codes.ts';

test('the codes are those of RFC 9113, as far as Node knows them', () => {
  expect(errorCodes.NO_ERROR).toBe(constants.NGHTTP2_NO_ERROR);
  expect(errorCodes.REFUSED_STREAM).toBe(constants.NGHTTP2_REFUSED_STREAM);
  expect(errorCodes.CANCEL).toBe(constants.NGHTTP2_CANCEL);
  expect(errorCodes.ENHANCE_YOUR_CALM).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  expect(Object.values(errorCodes)).toEqual(Array.from({ length: 14 }, (_, code) => code));
});

import { expect, test } from 'vitest';
import { ArkError, arkErrors, errorBody } from './errors.ts';

test.each([
  [400, 'InvalidParameter', 'BadRequest'],
  [401, 'AuthenticationError', 'Unauthorized'],
  [403, 'AccessDenied', 'Forbidden'],
  [404, 'ResourceNotFound', 'NotFound'],
  [409, 'InvalidAction.RunningTaskDeletion', 'Conflict'],
  [418, 'InvalidParameter', 'BadRequest'],
  [429, 'ServerOverloaded', 'TooManyRequests'],
  [500, 'InternalServiceError', 'InternalServerError'],
  [502, 'InternalServiceError', 'InternalServerError'],
  [503, 'InternalServiceError', 'InternalServerError'],
  [504, 'InternalServiceError', 'InternalServerError'],
])('a planned %i without a code says %s', (status, code, type) => {
  const { error } = errorBody(status, {}, '02x');
  expect(error).toMatchObject({ code, type, param: '' });
  expect(error.message).toMatch(/ [Rr]equest id: 02x$/);
});

test('a planned status takes the code, sentence and param it is given', () => {
  expect(errorBody(429, { code: 'QuotaExceeded', message: 'Enough.', param: 'model' }, '02x')).toEqual({
    error: { code: 'QuotaExceeded', message: 'Enough. Request id: 02x', param: 'model', type: 'TooManyRequests' },
  });
});

test('a code that refines a known one inherits its sentence, an unknown one goes by the status', () => {
  expect(errorBody(400, { code: 'InvalidParameter.Ratio', param: 'ratio' }, '02x').error.message).toBe(
    'The parameter `ratio` specified in the request is not valid. Request id: 02x',
  );
  expect(errorBody(429, { code: 'NeverHeardOf' }, '02x').error.type).toBe('TooManyRequests');
});

test('the sentence about the missing key goes on in lower case', () => {
  expect(errorBody(401, {}, '02x').error.message).toBe(
    'the API key or AK/SK in the request is missing or invalid. request id: 02x',
  );
});

test.each(Object.keys(arkErrors) as (keyof typeof arkErrors)[])('%s has a sentence without any details', (code) => {
  expect(new ArkError(code).message).toMatch(/^\S.*\.$/);
});

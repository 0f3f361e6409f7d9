import { expect, test } from 'vitest';
import { closestTo } from './closest.ts';

const known = ['goaway', 'delay', 'status', 'slow-body', 'end'];

test.each([
  ['go-away', 'goaway'],
  ['GOAWAY', 'goaway'],
  ['dealy', 'delay'],
  ['slowbody', 'slow-body'],
])('"%s" was meant to be "%s"', (given, meant) => expect(closestTo(given, known)).toBe(meant));

test.each(['banana', 'x', ''])('"%s" is near nothing', (given) => expect(closestTo(given, known)).toBeUndefined());

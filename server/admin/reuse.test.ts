import { expect, test } from 'vitest';
import { Journal } from '../journal.ts';
import { mergeBeyond, reuseByClient } from './reuse.ts';

/** The reuse of these requests: connection, number within it, client. */
function reuseOf(...requests: readonly (readonly [number, number, string?])[]) {
  const journal = new Journal(() => 0);
  for (const [connection, request, client] of requests) {
    const named = client !== undefined && { client };
    journal.append({ type: 'request.received', connection, request, method: 'GET', path: '/', ...named });
  }
  return reuseByClient(journal).map((use) => [use.client, use.connections, use.requests, use.reused]);
}

test('a request that shows no client belongs to the one before it on its connection, else to the next', () => {
  expect(reuseOf([1, 1], [1, 2, 'a'], [1, 3], [1, 4, 'b'], [1, 5], [2, 1, 'a'])).toEqual([
    ['a', 2, 4, 2],
    ['b', 1, 2, 2],
  ]);
});

test('requests on a connection that shows no client are not known', () => {
  expect(reuseOf([1, 1], [1, 2], [2, 1, 'a'], [3, 1])).toEqual([
    ['a', 1, 1, 0],
    ['not known', 2, 3, 1],
  ]);
});

test('beyond a limit clients are counted as one', () => {
  const all = ['a', 'b', 'c'].map((client) => ({ client, connections: 1, requests: 4, reused: 2, ratio: 0.5 }));
  expect(mergeBeyond(all, 3)).toEqual(all);
  expect(mergeBeyond(all, 1)).toEqual([
    all[0],
    { client: 'other', connections: 2, requests: 8, reused: 4, ratio: 0.5 },
  ]);
});

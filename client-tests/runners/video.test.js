// A test as a user writes it for Node's own runner; `seedance-mock run ... -- npm test` gives it the server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Agent, fetch } from 'undici';

const tasks = `${process.env.ARK_BASE_URL}/contents/generations/tasks`;
const headers = { authorization: `Bearer ${process.env.ARK_API_KEY}`, 'content-type': 'application/json' };
const dispatcher = new Agent({ allowH2: true });

async function call(url, init) {
  const answer = await fetch(url, { headers, dispatcher, ...init });
  assert.equal(answer.status, 200);
  return await answer.json();
}

test('makes a video', async () => {
  const content = [{ type: 'text', text: 'A lighthouse at dusk.' }];
  const body = JSON.stringify({ model: 'doubao-seedance-2-0-260128', content });
  const { id } = await call(tasks, { method: 'POST', body });
  let status = 'queued';
  while (status === 'queued' || status === 'running') {
    await setTimeout(1000);
    ({ status } = await call(`${tasks}/${id}`));
  }
  assert.equal(status, 'succeeded');
});

import type { Client } from './client.ts';

/** Where tasks are created and listed. */
export const TASKS = '/api/v3/contents/generations/tasks';

/** The smallest body that creates a task. */
export const textOnly = {
  model: 'doubao-seedance-2-0-260128',
  content: [{ type: 'text', text: 'A lighthouse at dusk.' }],
};

/** Creates a task and returns its id. */
export const createTask = async (client: Client, fields: object = {}, headers: Record<string, string> = {}) =>
  String(JSON.parse((await client.post(TASKS, { ...textOnly, ...fields }, headers)).text).id);

/** A task as Get answers it. */
export const getTask = async (client: Client, id: string) => JSON.parse((await client.get(`${TASKS}/${id}`)).text);

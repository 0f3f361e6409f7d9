/** Where tasks are created and listed. */
export const TASKS = '/api/v3/contents/generations/tasks';

/** The smallest body that creates a task. */
export const textOnly = {
  model: 'doubao-seedance-2-0-260128',
  content: [{ type: 'text', text: 'A lighthouse at dusk.' }],
};

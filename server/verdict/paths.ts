const TASK = /\/contents\/generations\/tasks\/([^/?]+)(?:\?|$)/;
const LIST = /\/contents\/generations\/tasks\/?(|\?.*)$/;

/** What was asked last: several ask for the path of one request in a row. */
let asked = '';
let found: string | undefined;

/** The task that a path names. */
export function taskOf(path: string): string | undefined {
  if (path !== asked) {
    asked = path;
    found = TASK.exec(path)?.[1];
  }
  return found;
}

/** The query of a path that all tasks are under: of a List, where it is a GET. */
export const queryOf = (path: string): string | undefined => LIST.exec(path)?.[1];

export const isList = (path: string): boolean => LIST.test(path);

/** Whether a POST to a path creates a task. */
export const isCreate = isList;

const TASK = /\/contents\/generations\/tasks\/([^/?]+)(?:\?|$)/;
const LIST = /\/contents\/generations\/tasks\/?(|\?.*)$/;

/** The task that a path names. */
export const taskOf = (path: string): string | undefined => TASK.exec(path)?.[1];

/** The query of a path that all tasks are under: of a List, where it is a GET. */
export const queryOf = (path: string): string | undefined => LIST.exec(path)?.[1];

export const isList = (path: string): boolean => LIST.test(path);

/** Whether a POST to a path creates a task. */
export const isCreate = isList;
